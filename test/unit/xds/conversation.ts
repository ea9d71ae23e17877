import { type Layers, Table } from "../../../src/base/table/table.js";
import { ABSENT } from "../../../src/base/table/trie.js";
import {
  type EncodedResource,
  type ResourceTable,
  type ResourceView,
  TYPE_URL,
} from "../../../src/xds/resource.js";
import type { Moment } from "../../../src/xds/state/moment.js";
import { DEFAULT_PACING } from "../../../src/xds/state/order/pacing.js";
import { onDeltaRequest } from "../../../src/xds/state/request/delta-request.js";
import { versionsOf } from "../../../src/xds/state/request/initial-versions.js";
import {
  createKnownTables,
  type KnownTables,
} from "../../../src/xds/state/request/known-tables.js";
import { onSotwRequest } from "../../../src/xds/state/request/sotw-request.js";
import { nextResponses } from "../../../src/xds/state/response/next-responses.js";
import type { Response } from "../../../src/xds/state/response/response.js";
import { createSharedPlanner } from "../../../src/xds/state/response/shared-planner.js";
import { createSharedSteps } from "../../../src/xds/state/response/shared-steps.js";
import { newStream, type StreamState } from "../../../src/xds/state/stream-state.js";
import { createNamePool } from "../../../src/xds/state/subscription/name-pool.js";
import {
  type AcceptBoth,
  createIntermediates,
} from "../../../src/xds/state/transition/intermediate-tables.js";
import { transitionTo } from "../../../src/xds/state/transition/transition.js";

/** The types by the words that the tests use for them. */
export type TypeName = keyof typeof TYPE_URL;

const WORDS = new Map<string, string>(Object.entries(TYPE_URL).map(([word, url]) => [url, word]));

/** A resource written as `name@version`, with what it refers to. */
export function resource(
  text: string,
  references: Pick<
    EncodedResource,
    "clusters" | "endpoints" | "peers" | "exclusive" | "refusal" | "afterOthers"
  > = {},
): EncodedResource {
  const [name = "", version = ""] = text.split("@");
  return { name, version, bytes: Buffer.from(text), ...references };
}

/** Resources by type; a text is a resource that refers to nothing. */
export type ViewSketch = Partial<Record<TypeName, readonly (string | EncodedResource)[]>>;

export function tableOf(resources: readonly (string | EncodedResource)[]): ResourceTable {
  const all = resources.map((it) => (typeof it === "string" ? resource(it) : it));
  return Table.from(all.map((it) => [it.name, it]));
}

/** Half of the names are in a layer of their own, as a proxy's own clusters are. */
const isOnTop = (name: string): boolean => name.charCodeAt(0) % 2 === 0;

/** A table in the layers that its names belong to; those of `last` where they are the same. */
function layered(table: ResourceTable, last = Table.empty<EncodedResource>()): ResourceTable {
  const before = layersOf(last);
  const base = edited(
    before.base,
    [...table].filter(([name]) => !isOnTop(name)),
  );
  const top = edited(
    before.top,
    [...table].filter(([name]) => isOnTop(name)),
  );
  return base === before.base && top === before.top ? last : base.extended(top);
}

function layersOf(table: ResourceTable): Layers<EncodedResource> {
  if (table.layers !== undefined) return table.layers;
  const empty = Table.empty<EncodedResource>();
  const isTop = [...table.keys()].some(isOnTop);
  return isTop ? { base: empty, top: table } : { base: table, top: empty };
}

/** A table with just these entries; what is equal in it stays. */
function edited(
  table: ResourceTable,
  entries: readonly (readonly [string, EncodedResource])[],
): ResourceTable {
  const wanted = new Map(entries);
  const gone = [...table.keys()].filter((name) => !wanted.has(name));
  const fresh = entries.filter(([name, it]) => table.get(name)?.version !== it.version);
  return [...gone.map((name) => [name, ABSENT] as const), ...fresh].reduce(
    (result, [name, it]) => (it === ABSENT ? result.without(name) : result.with(name, it)),
    table,
  );
}

/** A view with exactly the types that the sketch has. */
export function viewOf(sketch: ViewSketch): ReadonlyMap<string, ResourceTable> {
  return new Map(
    Object.entries(sketch).map(([word, resources]) => [
      TYPE_URL[word as TypeName],
      layered(tableOf(resources)),
    ]),
  );
}

/** The next view: the types of the sketch replaced; what is equal in both stays the same object. */
export function changed(view: ResourceView, sketch: ViewSketch): ResourceView {
  const served = Object.values(TYPE_URL).flatMap((typeUrl) => {
    const table = view.get(typeUrl);
    return table === undefined ? [] : [[typeUrl, table] as const];
  });
  const next = new Map<string, ResourceTable>(served);
  for (const [typeUrl, wanted] of viewOf(sketch)) {
    next.set(typeUrl, layered(wanted, view.get(typeUrl)));
  }
  return next;
}

/**
 * A response as the tests write it: `cluster A@1 B@2 -C`, sorted. In state of the world what is removed is not said, but
 * follows from what a complete answer leaves out.
 */
function summary({ typeUrl, payload }: Response): string {
  const resources = payload.resources.map(({ name, version }) => `${name}@${version}`).sort();
  const removed = payload.removed.map((name) => `-${name}`).sort();
  return [WORDS.get(typeUrl) ?? typeUrl, ...resources, ...removed].join(" ");
}

/** A cluster that accepts the peers of two, and says so. */
const acceptBoth: AcceptBoth = (before, after) => {
  const peers = [...new Set([...(before.peers ?? []), ...(after.peers ?? [])])].sort();
  return { ...after, peers, version: `${before.version}+${after.version}` };
};

/** What the streams of a server share. */
export type Sharing = Omit<Moment, "now">;

/** A server without streams. What clients had before is forgotten only when nobody looks. */
export const newServer = (accept: AcceptBoth = acceptBoth): Sharing => ({
  pacing: DEFAULT_PACING,
  files: {
    of: () => [],
    respelled: (_typeUrl, bytes) => bytes,
    asWritten: (words) => words,
  },
  plan: createSharedPlanner().plan,
  steps: createSharedSteps(),
  intermediate: createIntermediates(accept),
  names: createNamePool(1),
  known: createKnownTables(1, { after: () => () => undefined }),
});

/** One stream of either protocol as its client sees it, without a connection and with a clock that the test moves. */
abstract class Conversation {
  state: StreamState;
  now = 0;
  wakeAt = Infinity;
  /** All responses so far. */
  readonly received: Response[] = [];
  readonly #server: Sharing;

  constructor(view: ResourceView, server = newServer(), id = "s") {
    this.state = newStream(id, view);
    this.#server = server;
  }

  /** What the client should hold in the end. */
  get view(): ResourceView {
    const { view, transition } = this.state;
    return transition?.to ?? view;
  }

  get known(): KnownTables {
    return this.#server.known;
  }

  get moment(): Moment {
    return { ...this.#server, now: this.now };
  }

  /** The answers to a change of the state. */
  step(change: (state: StreamState) => StreamState): string[] {
    const next = nextResponses(change(this.state), this.moment);
    this.state = next.state;
    this.wakeAt = next.wakeAt;
    this.received.push(...next.responses);
    return next.responses.map(summary);
  }

  publish(view: ResourceView): string[] {
    return this.step((state) => transitionTo(state, view, this.moment));
  }

  change(sketch: ViewSketch): string[] {
    return this.publish(changed(this.view, sketch));
  }

  /** Time passes; what is due in between is sent at its time. */
  pass(ms: number): string[] {
    const end = this.now + ms;
    const sent: string[] = [];
    while (this.wakeAt <= end) {
      this.now = Math.max(this.now, this.wakeAt);
      sent.push(...this.step((state) => state));
    }
    this.now = end;
    return sent;
  }

  /** The last response of a type. */
  last(type: TypeName): Response {
    const found = this.received.findLast(({ typeUrl }) => typeUrl === TYPE_URL[type]);
    if (found === undefined) throw new Error(`no response for ${type}`);
    return found;
  }

  abstract ack(type: TypeName): string[];
  abstract nack(type: TypeName, error?: string): string[];

  /** ACKs the last response of each type, as long as that brings more. */
  ackAll(): string[] {
    const sent: string[] = [];
    for (let from = 0; from < this.received.length; ) {
      const types = new Set(this.received.slice(from).map(({ typeUrl }) => typeUrl));
      from = this.received.length;
      for (const typeUrl of types) sent.push(...this.ack(WORDS.get(typeUrl) as TypeName));
    }
    return sent;
  }
}

/** What a test says of a delta request. */
export interface DeltaSketch {
  readonly subscribe?: readonly string[];
  readonly unsubscribe?: readonly string[];
  readonly versions?: Readonly<Record<string, string>>;
  readonly nonce?: string;
  readonly error?: string;
}

/** See Conversation. */
export class DeltaConversation extends Conversation {
  request(type: TypeName, sketch: DeltaSketch = {}): string[] {
    const { subscribe = [], unsubscribe = [], versions = {}, nonce = "", error } = sketch;
    const initialVersions = versionsOf(new Map(Object.entries(versions)));
    const typeUrl = TYPE_URL[type];
    const request = { typeUrl, subscribe, unsubscribe, initialVersions, nonce };
    return this.step((state) =>
      onDeltaRequest(state, error === undefined ? request : { ...request, error }, this.moment),
    );
  }

  /** Asks for names; for everything if there are none. */
  subscribe(type: TypeName, ...names: readonly string[]): string[] {
    return this.request(type, { subscribe: names });
  }

  unsubscribe(type: TypeName, ...names: readonly string[]): string[] {
    return this.request(type, { unsubscribe: names });
  }

  override ack(type: TypeName): string[] {
    return this.request(type, { nonce: this.last(type).nonce });
  }

  override nack(type: TypeName, error = "refused"): string[] {
    return this.request(type, { nonce: this.last(type).nonce, error });
  }
}

/** What a test says of a state-of-the-world request. */
export interface SotwSketch {
  readonly names?: readonly string[];
  readonly version?: string;
  readonly nonce?: string;
  readonly error?: string;
}

/** See Conversation. */
export class SotwConversation extends Conversation {
  readonly #names = new Map<TypeName, readonly string[]>();
  /** By type, of what was ACKed last. */
  readonly #versions = new Map<TypeName, string>();

  request(type: TypeName, sketch: SotwSketch = {}): string[] {
    const { names = this.#names.get(type) ?? [], version = "", nonce = "", error } = sketch;
    this.#names.set(type, names);
    const request = { typeUrl: TYPE_URL[type], names, version, nonce };
    return this.step((state) =>
      onSotwRequest(state, error === undefined ? request : { ...request, error }, this.moment),
    );
  }

  /** Asks for names, with the nonce of the last response if there is one. */
  subscribe(type: TypeName, ...names: readonly string[]): string[] {
    const last = this.received.findLast(({ typeUrl }) => typeUrl === TYPE_URL[type]);
    return this.request(type, { names, nonce: last?.nonce ?? "" });
  }

  override ack(type: TypeName): string[] {
    const { nonce, payload } = this.last(type);
    this.#versions.set(type, payload.version);
    return this.request(type, { nonce, version: payload.version });
  }

  override nack(type: TypeName, error = "refused"): string[] {
    const { nonce } = this.last(type);
    return this.request(type, { nonce, version: this.#versions.get(type) ?? "", error });
  }
}
