/** What happened on discovery streams lately: the last so many events, in memory. */
import type { EventJson } from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import type { Acked, Closed, Nacked, Pushed, StreamName, XdsObserver } from "../../xds/observer.js";
import { shortName } from "../sync-state.js";
import { timestamp } from "../timestamp.js";

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

/** An event as it is kept: there are many, and few are ever read. */
type Kept =
  | { readonly kind: "CONNECTED"; readonly at: number; readonly event: StreamName }
  | { readonly kind: "PUSHED"; readonly at: number; readonly event: Pushed }
  | { readonly kind: "ACCEPTED"; readonly at: number; readonly event: Acked }
  | { readonly kind: "REFUSED"; readonly at: number; readonly event: Nacked }
  | { readonly kind: "DISCONNECTED"; readonly at: number; readonly event: Closed };

type Detail = Omit<EventJson, "at" | "proxy" | "stream">;

const ofType = (typeUrl: string): Detail => ({ typeUrl, shortName: shortName(typeUrl) });

function detailOf(kept: Kept): Detail {
  switch (kept.kind) {
    case "CONNECTED":
      return { kind: kept.kind };
    case "PUSHED": {
      const { typeUrl, version, resources, removed, bytes } = kept.event;
      return { ...ofType(typeUrl), kind: kept.kind, version, resources, removed, bytes };
    }
    case "ACCEPTED": {
      const { typeUrl, ms } = kept.event;
      return { ...ofType(typeUrl), kind: kept.kind, milliseconds: ms };
    }
    case "REFUSED": {
      const { typeUrl, ms, error, names } = kept.event;
      return { ...ofType(typeUrl), kind: kept.kind, milliseconds: ms, error, names: [...names] };
    }
    case "DISCONNECTED":
      return { kind: kept.kind, error: kept.event.reason };
  }
}

/** Where an event is kept. It is written again and again, so that what outlives a response is its events alone. */
interface Slot {
  kind: Kept["kind"];
  at: number;
  event: Kept["event"];
}

function eventOf(kept: Kept): EventJson {
  const { session, stream } = kept.event;
  return { at: timestamp(kept.at), ...detailOf(kept), proxy: session, stream };
}

/** A refusal without what would take much memory. */
const shortened = (event: Nacked): Nacked => ({
  ...event,
  error: event.error.slice(0, MAX_ERROR_LENGTH),
  names: event.names.slice(0, MAX_NAMES),
});

/** Nothing has happened yet. */
export function createRecentEvents({
  now,
  capacity = CAPACITY,
}: RecentEventsOptions): RecentEvents {
  const ring: Slot[] = [];
  let next = 0;
  const note = <K extends Kept["kind"]>(
    kind: K,
    event: Extract<Kept, { readonly kind: K }>["event"],
  ): void => {
    const slot = ring[next];
    if (slot === undefined) ring[next] = { kind, at: now(), event };
    else {
      slot.kind = kind;
      slot.at = now();
      slot.event = event;
    }
    next = (next + 1) % capacity;
  };
  return {
    list: ({ proxy = "", limit = 0 }) => {
      // `note` has put events only where their kind is.
      const all = [...ring.slice(next), ...ring.slice(0, next)] as Kept[];
      const wanted = proxy === "" ? all : all.filter(({ event }) => event.session === proxy);
      return (limit > 0 ? wanted.slice(-limit) : wanted).map(eventOf);
    },
    observer: {
      opened: (event) => {
        note("CONNECTED", event);
      },
      pushed: (event) => {
        note("PUSHED", event);
      },
      acked: (event) => {
        note("ACCEPTED", event);
      },
      nacked: (event) => {
        note("REFUSED", shortened(event));
      },
      closed: (event) => {
        note("DISCONNECTED", event);
      },
    },
  };
}
