/**
 * One stream: a thin shell around the state machines. It reads requests, keeps the limits, and hands out responses.
 *
 * Responses are made only when all that was made before is handed to the connection, so a peer that does not read costs
 * one step's responses at most, and the large ones of these are shared with other streams until they are written.
 */

import type { Table } from "../../base/table/table.js";
import { CallRefused } from "../../grpc/call-refused.js";
import type { CallListener, ServerCall } from "../../grpc/server-call.js";
import { OK } from "../../grpc/status.js";
import { type StatusCode, status } from "../../grpc/status-code.js";
import { type Allowance, createAllowance } from "../limits.js";
import type { StreamName } from "../observer.js";
import { type EncodedResource, type ResourceTable, TYPE_URL } from "../resource.js";
import type { Session } from "../session.js";
import { isIdle, nextResponses } from "../state/response/next-responses.js";
import type { Response, SentResponse } from "../state/response/response.js";
import { type Outstanding, outstandingOf } from "../state/status/outstanding.js";
import {
  acceptedResources,
  type StreamStatus,
  typeStatuses,
} from "../state/status/stream-status.js";
import {
  hasTakenAll,
  isSearchingCulprit,
  newStream,
  type StreamState,
  subscriptionTo,
  withView,
} from "../state/stream-state.js";
import type { Held } from "../state/subscription/held.js";
import { transitionTo } from "../state/transition/transition.js";
import { findInFlight } from "../state/verdict/settle.js";
import { answerQuestion } from "./answer-question.js";
import { type AskedView, createAskedView } from "./asked-view.js";
import type { Incoming } from "./dialect.js";
import { Entry, openSession } from "./entry.js";
import { ackedEvent, nackedEvent, pushedEvent } from "./exchange-events.js";
import { Outbox } from "./outbox.js";
import { refusalFor } from "./refusal.js";
import type { EndedStream, Entrance, StreamHost } from "./stream-host.js";

/** A client that was let in. */
interface Open {
  readonly session: Session;
  readonly name: StreamName;
  readonly openedAt: number;
  readonly view: AskedView;
}

/** See the top of this file. */
export class AdsStream implements CallListener, EndedStream {
  readonly id: string;
  readonly #call: ServerCall;
  readonly #entrance: Entrance;
  readonly #host: StreamHost;
  readonly #allow: Allowance;
  readonly #outbox: Outbox;
  readonly #entry: Entry;
  /** undefined until the client is let in. */
  #open: Open | undefined;
  /** Without a view until the client is let in. */
  #state: StreamState;
  #hasEnded = false;
  /** The client has taken all that it asked for at first; see turns.ts. */
  #isSettled = false;
  /** There may be more to send once all that was sent is read. */
  #isDue = false;
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
      onUnread: this.#refuse,
    });
    this.#entry = new Entry(host, this.#refuse);
  }

  onMessage(message: Buffer): void {
    if (this.#hasEnded) return;
    try {
      this.#receive(message);
    } catch (error) {
      this.#fail(error);
    }
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
    return this.#isSettled && !isSearchingCulprit(this.#state);
  }

  /** Lets the client in, or sends what there is to send; called when something may have changed. */
  advance(): void {
    if (this.#hasEnded) return;
    if (this.#open !== undefined) {
      this.#sendNext(this.#open);
      return;
    }
    const first = this.#entry.takeTurn();
    if (first !== undefined) void this.#letIn(first);
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
    const open = this.#open;
    // What waits to be let in outlives this call.
    const bytes = open === undefined ? Buffer.from(message) : message;
    const { dialect, onlyType } = this.#entrance;
    const { readRequest, sessions, questions } = this.#host;
    const request = readRequest(dialect, bytes, onlyType);
    const { typeUrl, nonce, error } = request;
    const judged = this.#inFlight(typeUrl, nonce);
    if (judged === undefined && !this.#allow(message.length)) {
      throw new CallRefused(status.RESOURCE_EXHAUSTED, "too many requests");
    }
    if (questions?.concerns(typeUrl) === true && this.#takesQuestions) {
      answerQuestion(this.#call, request, questions).catch(this.#fail);
    } else if (sessions.toldTypes?.has(typeUrl) === true) {
      open?.session.told?.(typeUrl, error);
    } else if (open === undefined) {
      this.#knock(request, message.length);
    } else {
      if (judged !== undefined) this.#report(open.name, request, judged);
      this.#apply(request, open.view);
    }
  }

  /** An answer has the form of one protocol alone, and is none of a service for one type. */
  get #takesQuestions(): boolean {
    const { dialect, onlyType } = this.#entrance;
    return dialect.protocol === "sotw" && onlyType === undefined;
  }

  #knock(first: Incoming, bytes: number): void {
    if (!this.#entry.knock(first, bytes)) return;
    this.#call.pause();
    this.#host.wake(this);
  }

  async #letIn(first: Incoming): Promise<void> {
    const { clock, observer } = this.#host;
    const { protocol } = this.#entrance.dialect;
    const newcomer = { peer: this.#call.caller, protocol, refuse: this.#refuse };
    try {
      const session = await openSession(first, newcomer, this.#host);
      if (this.#hasEnded) {
        session.closed();
        return;
      }
      this.#entry.close();
      const name = { stream: this.id, session: session.id, protocol };
      const view = createAskedView(session);
      this.#open = { session, name, openedAt: clock.now(), view };
      this.#state = withView(this.#state, view.now());
      observer.opened?.(name);
      this.#apply(first, view);
      this.#call.resume();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The response that a request judges, if it judges one. */
  #inFlight(typeUrl: string, nonce: string): SentResponse | undefined {
    const subscription = subscriptionTo(this.#state, typeUrl);
    return subscription === undefined ? undefined : findInFlight(subscription, nonce);
  }

  #report(name: StreamName, request: Incoming, judged: SentResponse): void {
    const { observer, clock } = this.#host;
    const { typeUrl, error } = request;
    const acked = ackedEvent(name, typeUrl, judged, clock.now() - judged.sentAt);
    if (error === undefined) observer.acked?.(acked);
    else observer.nacked?.(nackedEvent(acked, error, judged, request));
  }

  /** Changes the state as a request says. */
  #apply(request: Incoming, view: AskedView): void {
    const { limits, wake } = this.#host;
    const moment = this.#host.moment();
    this.#state = request.apply(view.noting(this.#state, request, moment), moment);
    this.#isSettled ||= hasTakenAll(this.#state, this.#entrance.onlyType ?? TYPE_URL.listener);
    const { typeUrl } = request;
    const names = subscriptionTo(this.#state, typeUrl)?.names.size ?? 0;
    if (names > limits.maxNames) {
      const reason = `subscribed to ${names} names of ${typeUrl}; at most ${limits.maxNames} are served`;
      throw new CallRefused(status.RESOURCE_EXHAUSTED, reason);
    }
    // The view is looked at again when it may have changed, so most ACKs leave nothing to do.
    if (!isIdle(this.#state)) wake(this);
  }

  #sendNext(open: Open): void {
    this.#isDue = !this.#outbox.isEmpty;
    if (this.#isDue) return;
    const { clock } = this.#host;
    let begun = clock.now();
    try {
      const moment = this.#host.moment();
      const next = nextResponses(transitionTo(this.#state, open.view.now(), moment), moment);
      this.#state = next.state;
      for (const response of next.responses) {
        this.#write(response, open.name, begun);
        begun = clock.now();
      }
      this.#sleepUntil(next.wakeAt);
    } catch (error) {
      this.#fail(error);
    }
  }

  #write(response: Response, name: StreamName, begun: number): void {
    const { encoder, clock, observer } = this.#host;
    const message = encoder.encode(response);
    this.#outbox.write(message);
    observer.pushed?.(pushedEvent(name, response, message.length, clock.now() - begun));
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
  readonly #fail = (error: unknown): void => {
    const { observer } = this.#host;
    this.#refuse(refusalFor(error, (fault) => observer.failed?.(fault)));
  };

  /** Ends the stream with a reason; does nothing if it has ended. */
  readonly #refuse = (reason: CallRefused): void => {
    if (this.#hasEnded) return;
    this.#end(reason.code, reason.message);
    this.#call.end({ code: reason.code, details: reason.message });
  };

  #end(code: StatusCode | undefined, reason: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#entry.close();
    this.#stopTimer();
    this.#outbox.close();
    this.#host.ended(this);
    if (this.#open === undefined) return;
    this.#open.session.closed();
    this.#host.observer.closed?.({ ...this.#open.name, code, reason });
  }
}
