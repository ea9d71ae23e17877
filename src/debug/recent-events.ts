/** What happened on discovery streams lately: the last so many events, in memory. */
import type { EventJson } from "../../gen/types/fairlead/debug/v1/debug_pb.js";
import type { Pushed, StreamName, XdsObserver } from "../xds/observer.js";
import { shortName } from "./sync-state.js";
import { timestamp } from "./timestamp.js";

/** See the top of this file. */
export interface RecentEvents {
  readonly observer: Required<
    Pick<XdsObserver, "opened" | "pushed" | "acked" | "nacked" | "closed">
  >;
  /** Oldest first; of one proxy alone when that is given, the latest `limit` of them. */
  list(query: { readonly proxy?: string; readonly limit?: number }): readonly EventJson[];
}

/** What is kept, and the time. */
export interface RecentEventsOptions {
  readonly now: () => number;
  readonly capacity?: number;
}

const CAPACITY = 2000;
/** Envoy's words can be long: it lists each resource that it refuses. */
const MAX_ERROR_LENGTH = 2000;
const MAX_NAMES = 50;

type Detail = Omit<EventJson, "at" | "proxy" | "stream">;

/** An event as it is kept: there are many, and few are ever read. */
interface Kept extends Omit<EventJson, "at"> {
  /** In milliseconds since 1970. */
  readonly ms: number;
}

const eventOf = ({ ms, ...event }: Kept): EventJson => ({ at: timestamp(ms), ...event });

const ofType = (typeUrl: string): Detail => ({ typeUrl, shortName: shortName(typeUrl) });

const pushDetail = (event: Pushed): Detail => ({
  ...ofType(event.typeUrl),
  kind: "PUSHED",
  version: event.version,
  resources: event.resources,
  removed: event.removed,
  bytes: event.bytes,
});

/** Nothing has happened yet. */
export function createRecentEvents({
  now,
  capacity = CAPACITY,
}: RecentEventsOptions): RecentEvents {
  const ring: Kept[] = [];
  let next = 0;
  const note = ({ stream, session }: StreamName, detail: Detail): void => {
    ring[next] = { ...detail, ms: now(), proxy: session, stream };
    next = (next + 1) % capacity;
  };
  return {
    list: ({ proxy = "", limit = 0 }) => {
      const all = [...ring.slice(next), ...ring.slice(0, next)];
      const wanted = proxy === "" ? all : all.filter((event) => event.proxy === proxy);
      return (limit > 0 ? wanted.slice(-limit) : wanted).map(eventOf);
    },
    observer: {
      opened: (event) => {
        note(event, { kind: "CONNECTED" });
      },
      pushed: (event) => {
        note(event, pushDetail(event));
      },
      acked: (event) => {
        note(event, { ...ofType(event.typeUrl), kind: "ACCEPTED", milliseconds: event.ms });
      },
      nacked: ({ error, names, ...event }) => {
        note(event, {
          ...ofType(event.typeUrl),
          kind: "REFUSED",
          milliseconds: event.ms,
          error: error.slice(0, MAX_ERROR_LENGTH),
          names: names.slice(0, MAX_NAMES),
        });
      },
      closed: ({ reason, ...event }) => {
        note(event, { kind: "DISCONNECTED", error: reason });
      },
    },
  };
}
