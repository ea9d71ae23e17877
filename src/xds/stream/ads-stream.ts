/**
 * One stream: a thin shell around the state machines. It reads requests, keeps the limits, and hands out responses.
 *
 * Responses are made only when all that was made before is handed to the connection, so a peer that does not read costs
 * one step's responses at most, and the large ones of these are shared with other streams until they are written.
 */

import type { Node } from "../../../gen/types/envoy/config/core/v3/base_pb.js";
import type { Table } from "../../base/table/table.js";
import { CallRefused } from "../../grpc/call-refused.js";
import { messageOf } from "../../grpc/message.js";
import type { CallListener, ServerCall } from "../../grpc/server-call.js";
import { OK } from "../../grpc/status.js";
import { type StatusCode, status } from "../../grpc/status-code.js";
import { type Allowance, createAllowance } from "../limits.js";
import type { StreamName } from "../observer.js";
import type { Questions } from "../questions.js";
import { type EncodedResource, type ResourceTable, TYPE_URL } from "../resource.js";
import type { Session } from "../session.js";
import { isIdle, nextResponses } from "../state/response/next-responses.js";
import type { Response } from "../state/response/response.js";
import { type Outstanding, outstandingOf } from "../state/status/outstanding.js";
import {
  acceptedResources,
  type StreamStatus,
  typeStatuses,
} from "../state/status/stream-status.js";
import {
  hasTakenAll,
  isSuspicious,
  newStream,
  type StreamState,
  subscriptionTo,
  withView,
} from "../state/stream-state.js";
import type { Held } from "../state/subscription/held.js";
import { transitionTo } from "../state/transition/transition.js";
import { findInFlight } from "../state/verdict/settle.js";
import { type AskedView, createAskedView } from "./asked-view.js";
import type { Incoming } from "./dialect.js";
import { Outbox } from "./outbox.js";
import { pushedEvent } from "./pushed-event.js";
import { refusalFor } from "./refusal.js";
import type { EndedStream, Entrance, StreamHost } from "./stream-host.js";

/** A client that was let in. */
interface Open {
  readonly session: Session;
  readonly name: StreamName;
  readonly openedAt: number;
  readonly view: AskedView;
}

/** The first request of a client that waits to be let in. */
interface Knock {
  readonly incoming: Incoming;
  readonly bytes: number;
}

/** See the top of this file. */
export class AdsStream implements CallListener, EndedStream {
  readonly id: string;
  readonly #call: ServerCall;
  readonly #entrance: Entrance;
  readonly #host: StreamHost;
  readonly #allow: Allowance;
  readonly #outbox: Outbox;
  #open: Open | undefined;
  /** Without a view until the client is let in. */
  #state: StreamState;
  #knock: Knock | undefined;
  #hasKnocked = false;
  #hasEnded = false;
  /** The client has taken all that it asked for at first; see turns.ts. */
  #isSettled = false;
  /** There may be more to send once it has. */
  #isDue = false;
  #stopDeadline: () => void;
  #stopTimer: () => void = () => undefined;

  constructor(id: string, call: ServerCall, entrance: Entrance, host: StreamHost) {
    this.id = id;
    this.#call = call;
    this.#entrance = entrance;
    this.#host = host;
    this.#state = newStream(id, new Map());
    this.#allow = createAllowance(host.limits, host.clock);
    this.#outbox = new Outbox(call, host, {
      onEmpty: () => {
        if (this.#isDue) host.wake(this);
      },
      onUnread: (reason) => {
        this.refuse(reason);
      },
    });
    this.#stopDeadline = this.#deadline("no request came");
  }

  onMessage(bytes: Buffer): void {
    this.#receive(bytes);
  }

  onHalfClosed(): void {
    this.#end(undefined, "the client ended the stream");
    this.#call.end(OK);
  }

  onClosed(): void {
    this.#end(undefined, "the connection is gone");
    this.#host.closed();
  }

  /** While it is found out what of a response its client refuses, others go first. */
  get isSettled(): boolean {
    return this.#isSettled && !isSuspicious(this.#state);
  }

  /** Lets the client in, or sends what there is to send; called when something may have changed. */
  advance(): void {
    if (this.#hasEnded) return;
    const open = this.#open;
    if (open === undefined) {
      const knock = this.#takeKnock();
      if (knock !== undefined) void this.#letIn(knock.incoming);
      return;
    }
    this.#isDue = !this.#outbox.isEmpty;
    if (this.#isDue) return;
    const { clock } = this.#host;
    let begun = clock.now();
    try {
      const moment = this.#host.moment();
      const state = transitionTo(this.#state, open.view.now(), moment);
      const next = nextResponses(state, moment);
      this.#state = next.state;
      for (const response of next.responses) {
        this.#write(response, open, begun);
        begun = clock.now();
      }
      this.#sleepUntil(next.wakeAt);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Ends the stream with a reason; does nothing if it has ended. */
  refuse(reason: CallRefused): void {
    if (this.#hasEnded) return;
    this.#end(reason.code, reason.message);
    this.#call.end({ code: reason.code, details: reason.message });
  }

  /** undefined before the client is let in. */
  status(): StreamStatus | undefined {
    const open = this.#open;
    if (open === undefined) return undefined;
    const types = typeStatuses(this.#state);
    return { ...open.name, openedAt: open.openedAt, types };
  }

  /** What the client has accepted of a type; empty before it is let in. */
  accepted(typeUrl: string): readonly EncodedResource[] {
    return acceptedResources(this.#state, typeUrl);
  }

  /** What the client has accepted of each type, as it would say it if it came back; of the incremental protocol alone. */
  acceptedTables(): readonly Table<Held>[] {
    const ofDelta = this.#state.subscriptions.filter(({ style }) => style === "delta");
    return ofDelta.map(({ accepted }) => accepted);
  }

  /** What the client should hold of a type; undefined before it is let in, and for a type that is not served. */
  wanted(typeUrl: string): ResourceTable | undefined {
    const { view, transition } = this.#state;
    return (transition?.to ?? view).get(typeUrl);
  }

  /** What the client should hold now and has not accepted; nothing before it is let in. */
  outstanding(): readonly Outstanding[] {
    return this.#open === undefined ? [] : outstandingOf(this.#state, this.#open.view.now());
  }

  #receive(message: Buffer): void {
    if (this.#hasEnded) return;
    try {
      // What waits to be let in outlives this call.
      const bytes = this.#open === undefined ? Buffer.from(message) : message;
      const { dialect, onlyType } = this.#entrance;
      const incoming = this.#host.readRequest(dialect, bytes, onlyType);
      if (!this.#isAnswer(incoming) && !this.#allow(message.length)) {
        throw new CallRefused(status.RESOURCE_EXHAUSTED, "too many requests");
      }
      const { questions } = this.#host;
      if (questions !== undefined && this.#isQuestion(incoming, questions)) {
        void this.#answer(incoming, questions);
      } else if (this.#host.sessions.toldTypes?.has(incoming.typeUrl) === true) {
        this.#open?.session.told?.(incoming.typeUrl, incoming.error);
      } else if (this.#open !== undefined) this.#handle(this.#open, incoming);
      else this.#askToBeLetIn({ incoming, bytes: message.length });
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Until it is let in, nothing else is read. */
  #askToBeLetIn(knock: Knock): void {
    if (this.#hasKnocked) return;
    const { waitingRoom, wake } = this.#host;
    if (!waitingRoom.enter(knock.bytes)) {
      throw new CallRefused(status.RESOURCE_EXHAUSTED, "too many streams wait to be let in");
    }
    this.#stopDeadline();
    this.#call.pause();
    this.#hasKnocked = true;
    this.#knock = knock;
    wake(this);
  }

  #takeKnock(): Knock | undefined {
    const knock = this.#knock;
    if (knock !== undefined) this.#host.waitingRoom.leave(knock.bytes);
    this.#knock = undefined;
    return knock;
  }

  /** Ends the stream if it takes too long; the result calls that off. */
  #deadline(what: string): () => void {
    const { clock, limits } = this.#host;
    return clock.after(limits.firstRequestMs, () => {
      const reason = `${what} within ${limits.firstRequestMs / 1000} s`;
      this.refuse(new CallRefused(status.DEADLINE_EXCEEDED, reason));
    });
  }

  #isAnswer({ typeUrl, nonce }: Incoming): boolean {
    return this.#inFlight(typeUrl, nonce) !== undefined;
  }

  #inFlight(typeUrl: string, nonce: string): ReturnType<typeof findInFlight> {
    const subscription = subscriptionTo(this.#state, typeUrl);
    return subscription === undefined ? undefined : findInFlight(subscription, nonce);
  }

  /** The answer has the form of one protocol alone, and is none of a service for one type. */
  #isQuestion({ typeUrl }: Incoming, questions: Questions): boolean {
    const { dialect, onlyType } = this.#entrance;
    return dialect.protocol === "sotw" && onlyType === undefined && questions.concerns(typeUrl);
  }

  /** One at a time: nothing more is read until the answer is on its way. */
  async #answer({ typeUrl, names }: Incoming, questions: Questions): Promise<void> {
    this.#call.pause();
    try {
      const answer = await questions.answer({ typeUrl, names, peer: this.#call.caller });
      if (this.#hasEnded) return;
      await new Promise<void>((resolve) => {
        this.#call.write(messageOf([answer]), () => {
          resolve();
        });
      });
      this.#call.resume();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #letIn(first: Incoming): Promise<void> {
    const { clock, observer, sessions } = this.#host;
    const { protocol } = this.#entrance.dialect;
    this.#stopDeadline = this.#deadline("it was not let in");
    try {
      const session = await sessions.open({
        node: this.#nodeOf(first),
        protocol,
        peer: this.#call.caller,
        refuse: (reason) => {
          this.refuse(reason);
        },
      });
      if (this.#hasEnded) {
        session.closed();
        return;
      }
      this.#stopDeadline();
      const name = { stream: this.id, session: session.id, protocol };
      const open = { session, name, openedAt: clock.now(), view: createAskedView(session) };
      this.#open = open;
      this.#state = withView(this.#state, open.view.now());
      observer.opened?.(name);
      this.#handle(open, first);
      this.#call.resume();
    } catch (error) {
      this.#fail(error);
    }
  }

  #nodeOf(first: Incoming): Node {
    const node = first.node === undefined ? undefined : this.#host.decodeNode(first.node);
    if (node === undefined || node.id === "") {
      throw new CallRefused(status.INVALID_ARGUMENT, "missing node information");
    }
    return node;
  }

  #handle(open: Open, incoming: Incoming): void {
    const { typeUrl } = incoming;
    this.#report(open, incoming);
    const moment = this.#host.moment();
    const state = open.view.noting(this.#state, incoming, moment);
    this.#state = incoming.apply(state, moment);
    this.#isSettled ||= hasTakenAll(this.#state, this.#entrance.onlyType ?? TYPE_URL.listener);
    const names = subscriptionTo(this.#state, typeUrl)?.names.size ?? 0;
    if (names > this.#host.limits.maxNames) {
      const limit = this.#host.limits.maxNames;
      const reason = `subscribed to ${names} names of ${typeUrl}; at most ${limit} are served`;
      throw new CallRefused(status.RESOURCE_EXHAUSTED, reason);
    }
    // The view is looked at again when it may have changed, so most ACKs leave nothing to do.
    if (!isIdle(this.#state)) this.#host.wake(this);
  }

  #report(open: Open, { typeUrl, nonce, version, error }: Incoming): void {
    const sent = this.#inFlight(typeUrl, nonce);
    if (sent === undefined) return;
    const { observer, clock } = this.#host;
    const { stream, session, protocol } = open.name;
    const ms = clock.now() - sent.sentAt;
    // The payload as it was sent, which many share, not those that were read for this answer: events are kept for a while.
    const { isRetry = false } = sent.payload;
    const event = { stream, session, protocol, typeUrl, nonce: sent.nonce, isRetry, ms };
    if (error === undefined) observer.acked?.(event);
    else {
      // Of what it accepted it cannot have refused anything: that is about something before (see settle.ts).
      const { payload } = sent;
      const names = payload.version === version ? [] : payload.changed.map(({ name }) => name);
      observer.nacked?.({ ...event, error, names });
    }
  }

  #write(response: Response, open: Open, begun: number): void {
    const message = this.#host.encoder.encode(response);
    this.#outbox.write(message);
    const ms = this.#host.clock.now() - begun;
    this.#host.observer.pushed?.(pushedEvent(open.name, response, message.length, ms));
  }

  #sleepUntil(wakeAt: number): void {
    const { clock, wake } = this.#host;
    this.#stopTimer();
    if (wakeAt === Infinity) return;
    this.#stopTimer = clock.after(Math.max(0, wakeAt - clock.now()), () => {
      wake(this);
    });
  }

  /** Ends the stream for an error; what is not meant for the client is kept from it. */
  #fail(error: unknown): void {
    const { observer } = this.#host;
    this.refuse(refusalFor(error, (fault) => observer.failed?.(fault)));
  }

  #end(code: StatusCode | undefined, reason: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#stopDeadline();
    this.#stopTimer();
    this.#takeKnock();
    this.#outbox.close();
    this.#host.ended(this);
    if (this.#open === undefined) return;
    this.#open.session.closed();
    this.#host.observer.closed?.({ ...this.#open.name, code, reason });
  }
}
