/** What the debug endpoints look at: read-only views of the rest of the control plane. */
import type { Diagnostic } from "../base/diagnostic.js";
import type { Table } from "../base/table/table.js";
import type { Proof } from "../ca/caller/proof.js";
import type { ResourceRef } from "../config/resource.js";
import type { ConfigSnapshot } from "../config/snapshot.js";
import type { Mesh } from "../mesh/mesh.js";
import type { Proxy } from "../mesh/proxy/proxy.js";
import { type EncodedResource, type ResourceTable, TYPE_URL } from "../xds/resource.js";
import type { Outstanding } from "../xds/state/status/outstanding.js";
import type { StreamStatus } from "../xds/state/status/stream-status.js";
import type { ProxyFacts } from "./proxy-facts.js";
import type { RecentEvents } from "./recent/recent-events.js";
import type { RecentPushes } from "./recent/recent-pushes.js";

/** A proxy that was let in. */
export interface ObservedSession {
  readonly connected: { readonly proxy: Proxy };
  /** Who it proved to be; undefined when it came in plaintext. */
  readonly proof: Proof | undefined;
  readonly facts: ProxyFacts;
}

/** Another control plane, and what it has told. */
export interface ObservedPeer {
  /** `HOST:PORT`. */
  readonly address: string;
  readonly isFollowing: boolean;
  readonly controlPlane?: { readonly name: string; readonly version: string };
  readonly problem?: string;
  readonly registrations: Table<{ readonly proxy: Proxy; readonly presence: string }>;
}

/** See the top of this file. Each call tells how things are now. */
export interface Observed {
  /** Oldest first. */
  streams(): readonly StreamStatus[];
  /** What the client of a stream has accepted of a type, sorted by name. */
  accepted(stream: string, typeUrl: string): readonly EncodedResource[];
  /** What the client of a stream should hold of a type. */
  wanted(stream: string, typeUrl: string): ResourceTable;
  /** What the client of a stream should hold now and has not accepted. */
  outstanding(stream: string): readonly Outstanding[];
  /** Oldest first. */
  sessions(): readonly ObservedSession[];
  /** In the order in which they were named. */
  peers(): readonly ObservedPeer[];
  snapshot(): ConfigSnapshot;
  /** Has all files of the configuration looked at; resolves when what they say is in force. */
  refresh(): Promise<void>;
  mesh(): Mesh;
  /** What happened on streams lately. */
  readonly events: Pick<RecentEvents, "list">;
  /** What became of changes of the configuration lately. */
  readonly pushes: Pick<RecentPushes, "list">;
  /**
   * What is wrong with what the configuration leads to: keys of issuers that are not known, and what connected proxies are kept
   * from because Envoy would refuse it, or theirs did.
   */
  effects(): readonly Diagnostic[];
  /** Where the configuration is written that made a resource which a proxy should hold. */
  madeAt(session: string, typeUrl: string, name: string): Pick<Diagnostic, "position" | "resource">;
  /** All of the configuration that made a resource which a proxy should hold. */
  makersOf(session: string, typeUrl: string, name: string): readonly ResourceRef[];
  /** Calls back when the configuration, or what is wrong with it, has changed; the result ends that. */
  onUpdate(listener: () => void): () => void;
}

/** A proxy that is connected, and its stream. */
export interface Connection extends Omit<ObservedSession, "connected"> {
  readonly proxy: Proxy;
  readonly stream: StreamStatus;
}

/** A stream for secrets alone, as Istio's agents open beside the one of discovery. */
const isForSecrets = ({ types }: StreamStatus): boolean =>
  types.length > 0 && types.every(({ typeUrl }) => typeUrl === TYPE_URL.secret);

/** The proxies that are connected, by id; of several streams of one proxy the latest counts. */
export function connectionsOf(
  observed: Pick<Observed, "streams" | "sessions">,
): readonly Connection[] {
  const sessions = new Map(observed.sessions().map((one) => [one.connected.proxy.id, one]));
  const streams = new Map<string, StreamStatus>();
  for (const stream of observed.streams()) {
    if (!streams.has(stream.session) || !isForSecrets(stream)) streams.set(stream.session, stream);
  }
  return [...streams]
    .flatMap(([id, stream]): Connection[] => {
      const session = sessions.get(id);
      if (session === undefined) return [];
      const { connected, proof, facts } = session;
      return [{ proxy: connected.proxy, proof, facts, stream }];
    })
    .sort((a, b) => (a.proxy.id < b.proxy.id ? -1 : 1));
}
