/** Tells other control planes of the mesh what is registered at this one. */
import type { ServiceDefinition } from "@grpc/grpc-js";
import type {
  FollowRegistrationsRequestJson,
  FollowRegistrationsResponseJson,
  RegistrationJson,
} from "../../../gen/types/fairlead/peer/v1/peer_pb.js";
import { type Change, Table } from "../../base/table/table.js";
import type { ControlPlaneCheck } from "../../ca/issue/control-plane-identity.js";
import {
  type AnsweredStream,
  addService,
  type HandleResponses,
} from "../../grpc/hosted-service.js";
import type { GrpcServer } from "../../grpc/server.js";
import { status } from "../../grpc/status-code.js";
import type { TrustedByAll } from "../identity/trusted-by-all.js";
import type { Registration } from "../registry/registration.js";
import type { ProvedStreams } from "../sessions/proved-streams.js";
import {
  FOLLOW_REGISTRATIONS,
  MAX_PROXY_LENGTH,
  type PeerControlPlane,
  toldRegistration,
} from "./peer-messages.js";

/** What the service is made with. */
export interface PeerServiceOptions {
  readonly controlPlane: PeerControlPlane;
  /** Whether a certificate is that of a control plane of this mesh. */
  readonly check: (certificate: Buffer | undefined) => ControlPlaneCheck;
  readonly streams: Pick<ProvedStreams, "add">;
  readonly registrations: () => Table<Registration>;
  /** Has the listener called when they are others; the result ends that. */
  readonly onChange: (listener: () => void) => () => void;
  readonly trust: TrustedByAll;
  /** Told of a caller that is no control plane, with what is never a secret. */
  readonly onRefused: (fields: Readonly<Record<string, unknown>>) => void;
  /** Told of a proxy that says so much of itself that nobody else is told of it. */
  readonly onTooLong: (id: string) => void;
}

type FollowCall = AnsweredStream<FollowRegistrationsRequestJson, FollowRegistrationsResponseJson>;

/** A response is ended when it has so many characters, or so many registrations. */
const RESPONSE_LENGTH = 128 * 1024;
const RESPONSE_REGISTRATIONS = 200;

/** Adds the service, by its definition with messages as canonical JSON, to a server with TLS. */
export function addPeerService(
  server: GrpcServer,
  definition: ServiceDefinition,
  options: PeerServiceOptions,
): void {
  const follow: HandleResponses<FollowRegistrationsRequestJson, FollowRegistrationsResponseJson> = (
    call,
  ) => {
    const checked = options.check(call.caller.certificate);
    if ("problem" in checked) {
      options.onRefused({ detail: checked.problem, peer: call.caller.name });
      call.emit("error", { code: status.PERMISSION_DENIED, details: NO_CONTROL_PLANE });
      return;
    }
    const endProof = options.streams.add(checked.proof, ({ code, message }) => {
      call.emit("error", { code, details: message });
    });
    const stop = tell(call, options);
    call.once("close", () => {
      endProof();
      stop();
    });
  };
  addService(server, definition, { [FOLLOW_REGISTRATIONS]: follow });
}

const NO_CONTROL_PLANE =
  "only control planes of this mesh are told of its registrations, and show their certificates: start both with the same --cacerts";

/** Tells all, and then what changes; what changes while a response is being written is told together. The result ends that. */
function tell(call: FollowCall, options: PeerServiceOptions): () => void {
  let told = Table.empty<Registration>();
  let waiting: readonly Change<Registration>[] = [];
  let isWriting = false;
  let isBegun = false;
  let isComplete = false;
  let isOver = false;
  let toldTrust: readonly string[] | undefined;

  /** Which roots are trusted here, unless that was told. */
  const news = (): Pick<FollowRegistrationsResponseJson, "trustedRoots"> => {
    const fingerprints = options.trust.fingerprints();
    if (fingerprints === toldTrust) return {};
    toldTrust = fingerprints;
    return { trustedRoots: { fingerprints: [...fingerprints] } };
  };
  const write = (): void => {
    if (isWriting || isOver) return;
    if (waiting.length === 0) {
      const now = options.registrations();
      waiting = now.changesFrom(told);
      told = now;
    }
    const { response, rest } = responseOf(waiting, options);
    waiting = rest;
    const isLastOfFirst = !isComplete && rest.length === 0;
    const isNews = options.trust.fingerprints() !== toldTrust;
    if (isEmpty(response) && !isLastOfFirst && isBegun && !isNews) {
      if (rest.length > 0) write();
      return;
    }
    isWriting = true;
    const head = isBegun ? {} : { controlPlane: options.controlPlane };
    isBegun = true;
    isComplete ||= isLastOfFirst;
    const last = isLastOfFirst && { complete: true };
    call.write({ ...head, ...response, ...news(), ...last }, () => {
      isWriting = false;
      write();
    });
  };
  const stops = [options.onChange(write), options.trust.onChange(write)];
  write();
  return () => {
    isOver = true;
    for (const stop of stops) stop();
  };
}

type Response = Required<Pick<FollowRegistrationsResponseJson, "registrations" | "removed">>;

const isEmpty = ({ registrations, removed }: Response): boolean =>
  registrations.length + removed.length === 0;

/** As many changes as a response has, and the rest. */
function responseOf(
  changes: readonly Change<Registration>[],
  { onTooLong }: PeerServiceOptions,
): { readonly response: Response; readonly rest: readonly Change<Registration>[] } {
  const registrations: RegistrationJson[] = [];
  const removed: string[] = [];
  let length = 0;
  let count = 0;
  for (const { key, after } of changes) {
    if (length >= RESPONSE_LENGTH || count >= RESPONSE_REGISTRATIONS) break;
    count += 1;
    const one = after && toldRegistration(after);
    const own = one?.proxy?.length ?? 0;
    const isTooLong = Math.max(own, key.length) > MAX_PROXY_LENGTH;
    if (isTooLong && after !== undefined) onTooLong(after.proxy.id);
    // Of one whose name alone is too long, nothing was told before.
    if (key.length > MAX_PROXY_LENGTH) continue;
    if (one === undefined || isTooLong) removed.push(key);
    else registrations.push(one);
    length += own + key.length;
  }
  return { response: { registrations, removed }, rest: changes.slice(count) };
}
