/** What control planes tell each other, as canonical JSON of fairlead.peer.v1, and what is taken of it: nothing is taken on trust. */
import type {
  ApplicationHealthJson,
  FollowRegistrationsResponseJson,
  RegistrationJson,
  TrustedRootsJson,
} from "../../../gen/types/fairlead/peer/v1/peer_pb.js";
import { limitedAscii } from "../../base/text/limited-ascii.js";
import {
  type Presence,
  parseProxy,
  type Registration,
  registrationKey,
  shownHealth,
  type ToldHealth,
} from "../registry/registration.js";

/** The method's name, in its service. */
export const PEER_SERVICE = "fairlead.peer.v1.PeerService";
export const FOLLOW_REGISTRATIONS = "FollowRegistrations";

/** Who answers. */
export interface PeerControlPlane {
  /** Of this start of it. */
  readonly start: string;
  readonly name: string;
  readonly version: string;
}

/** What was told of registrations. */
export interface ToldRegistrations {
  /** In the first response alone. */
  readonly controlPlane?: PeerControlPlane;
  readonly registrations: readonly (readonly [string, Registration])[];
  readonly removed: readonly string[];
  /** All that there was at first has been told by now. */
  readonly isComplete: boolean;
  /** Which roots all its proxies trust, where that is told anew. */
  readonly trustedRoots?: readonly string[];
  /** How many registrations are none that are known here, and are left out. */
  readonly unread: number;
}

/** Of the proxy of a registration, in characters of JSON: it takes about a thousand. */
export const MAX_PROXY_LENGTH = 64 * 1024;

/** As dates have it, in milliseconds since 1970. */
const MAX_TIME = 8.64e15;

/** Those that were known before a start are told of by nobody: others may know better by now. */
const TOLD_PRESENCE: Readonly<Record<Presence, RegistrationJson["presence"]>> = {
  connected: "CONNECTED",
  left: "LEFT",
  reported: "REPORTED",
  remembered: undefined,
};

/** A registration as others are told of it; undefined when they are not. */
export function toldRegistration({
  proxy,
  presence,
  since,
  health,
}: Registration): RegistrationJson | undefined {
  const told = TOLD_PRESENCE[presence];
  return told === undefined
    ? undefined
    : {
        proxy: JSON.stringify(proxy),
        presence: told,
        since: String(since),
        ...(health && { health: { ...shownHealth(health), at: String(health.at) } }),
      };
}

/** What a response tells. */
export function readTold({
  controlPlane,
  registrations = [],
  removed = [],
  complete = false,
  trustedRoots,
}: FollowRegistrationsResponseJson): ToldRegistrations {
  const read = registrations.flatMap((one) => readRegistration(one) ?? []);
  return {
    ...(controlPlane && {
      controlPlane: {
        start: limitedAscii(controlPlane.start ?? ""),
        name: limitedAscii(controlPlane.name ?? ""),
        version: limitedAscii(controlPlane.version ?? ""),
      },
    }),
    registrations: read.map((one) => [registrationKey(one.proxy), one]),
    removed,
    ...(trustedRoots && { trustedRoots: readFingerprints(trustedRoots) }),
    isComplete: complete,
    unread: registrations.length - read.length,
  };
}

/** More roots than that no authority has at once. */
const MAX_ROOTS = 100;

const readFingerprints = ({ fingerprints = [] }: TrustedRootsJson): readonly string[] =>
  fingerprints.slice(0, MAX_ROOTS).filter((one) => /^[0-9a-f]{64}$/.test(one));

const PRESENCES: ReadonlyMap<unknown, Presence> = new Map([
  ["CONNECTED", "connected"],
  ["LEFT", "left"],
  ["REPORTED", "reported"],
]);

function readRegistration({
  proxy: text = "",
  presence: told,
  since: began,
  health,
}: RegistrationJson): Registration | undefined {
  const presence = PRESENCES.get(told);
  const proxy = text.length > MAX_PROXY_LENGTH ? undefined : parseProxy(text);
  const since = readTime(began);
  const read = health === undefined ? {} : readHealth(health);
  if (presence === undefined || proxy === undefined || since === undefined) return undefined;
  return read === undefined ? undefined : { proxy, presence, since, ...read };
}

function readHealth({
  healthy = false,
  reason = "",
  at: told,
}: ApplicationHealthJson): { readonly health: ToldHealth } | undefined {
  const at = readTime(told);
  return at === undefined ? undefined : { health: { ...shownHealth({ healthy, reason }), at } };
}

function readTime(text = "0"): number | undefined {
  const time = Number(text);
  return Number.isInteger(time) && time >= 0 && time <= MAX_TIME ? time : undefined;
}
