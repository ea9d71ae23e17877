/**
 * One proxy: what it asks for and what it accepts, as an Envoy does that speaks the incremental protocol.
 *
 * - It asks for all clusters, then by name for the endpoints and secrets that these refer to.
 * - A response with clusters is accepted when their endpoints have come behind it: they are warm then. So the names that a
 *   response makes it ask for are on their way before its ACK.
 * - It asks for listeners once the first clusters are warm, then for the routes that these refer to, and for virtual
 *   hosts when a route configuration takes them from resources of their own.
 * - When it comes back it asks for all of that at once, and says what it holds.
 */
import { TYPE_URL } from "../../src/xds/resource.js";
import type { DeltaRequest } from "./discovery-wire.js";
import type { KnownResource } from "./known-resources.js";
import { createReferredNames, entryOf } from "./referred-names.js";

/** A response, as far as a proxy needs it. */
export interface Answer {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly resources: readonly KnownResource[];
  readonly removed: readonly string[];
}

/** See the top of this file. */
export interface Proxy {
  /** The requests of a stream that has just begun. */
  readonly begin: () => readonly DeltaRequest[];
  /** The requests that a response leads to, its ACK among them. */
  readonly receive: (response: Answer) => readonly DeltaRequest[];
  /** Whether it was answered all that it asked for on its first stream. */
  readonly isConfigured: () => boolean;
}

/** The types that other resources refer to, in the order in which they are asked for. */
const REFERRED = [TYPE_URL.endpoint, TYPE_URL.secret, TYPE_URL.route];

/** Those that are asked for as a whole. */
const WILDCARD: ReadonlySet<string> = new Set([
  TYPE_URL.cluster,
  TYPE_URL.listener,
  TYPE_URL.virtualHost,
]);

/** What is known of one stream. */
interface Stream {
  readonly asked: Set<string>;
  /** Responses with clusters that are not accepted yet, and the endpoints for which they wait. */
  readonly warming: string[];
  readonly awaitedEndpoints: Set<string>;
}

/** A proxy that holds nothing yet. */
export function createProxy(node: Buffer): Proxy {
  const held = new Map<string, Map<string, KnownResource>>();
  const referred = createReferredNames();
  /** What was asked for and not answered on the first stream: types as a whole, and names by type. */
  const unansweredTypes = new Set<string>();
  const unansweredNames = new Map<string, Set<string>>();
  let stream: Stream | undefined;
  let wantsHosts = false;

  const heldOf = (typeUrl: string): Map<string, KnownResource> =>
    entryOf(held, typeUrl, () => new Map<string, KnownResource>());

  const replace = (typeUrl: string, name: string, next: KnownResource | undefined): void => {
    const all = heldOf(typeUrl);
    const before = all.get(name);
    if (next !== undefined) {
      referred.count(next, 1);
      all.set(name, next);
    } else {
      all.delete(name);
    }
    if (before !== undefined) referred.count(before, -1);
  };

  const firstRequest = (typeUrl: string, { asked }: Stream): DeltaRequest => {
    asked.add(typeUrl);
    const versions = [...heldOf(typeUrl).values()].map(({ versionField }) => versionField);
    const subscribe = WILDCARD.has(typeUrl) ? [] : referred.names(typeUrl);
    return { typeUrl, subscribe, versions };
  };

  const subscriptionChange = (typeUrl: string, current: Stream): readonly DeltaRequest[] => {
    const { added, taken } = referred.takeChanges(typeUrl);
    if (added.length === 0 && taken.length === 0) return [];
    for (const name of taken) heldOf(typeUrl).delete(name);
    const open = entryOf(unansweredNames, typeUrl, () => new Set<string>());
    for (const name of added) open.add(name);
    if (!current.asked.has(typeUrl)) return [firstRequest(typeUrl, current)];
    return [{ typeUrl, subscribe: added, unsubscribe: taken }];
  };

  const take = ({ typeUrl, resources, removed }: Answer, current: Stream): void => {
    const open = unansweredNames.get(typeUrl);
    for (const known of resources) {
      replace(typeUrl, known.name, known);
      open?.delete(known.name);
      wantsHosts ||= known.takesVirtualHosts;
      if (typeUrl === TYPE_URL.endpoint) current.awaitedEndpoints.delete(known.name);
      for (const name of endpointsOf(typeUrl, known)) current.awaitedEndpoints.add(name);
    }
    for (const name of removed) {
      replace(typeUrl, name, undefined);
      open?.delete(name);
      if (typeUrl === TYPE_URL.endpoint) current.awaitedEndpoints.delete(name);
    }
    unansweredTypes.delete(typeUrl);
  };

  /** The ACKs that are due: of clusters when they are warm, of everything else at once. */
  const acks = (
    { typeUrl, nonce }: Answer,
    { warming, awaitedEndpoints }: Stream,
  ): readonly DeltaRequest[] => {
    if (typeUrl === TYPE_URL.cluster) warming.push(nonce);
    const warm = awaitedEndpoints.size === 0 ? warming.splice(0) : [];
    const clusters = warm.map((one) => ({ typeUrl: TYPE_URL.cluster, nonce: one }));
    return typeUrl === TYPE_URL.cluster ? clusters : [...clusters, { typeUrl, nonce }];
  };

  /** The types that it asks for as a whole once it has what comes before them. */
  const nextTypes = (current: Stream): readonly DeltaRequest[] => {
    const { asked, awaitedEndpoints } = current;
    const due = [
      ...(awaitedEndpoints.size === 0 ? [TYPE_URL.listener] : []),
      ...(wantsHosts ? [TYPE_URL.virtualHost] : []),
    ].filter((typeUrl) => !asked.has(typeUrl));
    for (const typeUrl of due) unansweredTypes.add(typeUrl);
    return due.map((typeUrl) => firstRequest(typeUrl, current));
  };

  return {
    begin() {
      const isFirst = stream === undefined;
      stream = { asked: new Set(), warming: [], awaitedEndpoints: new Set() };
      const current = stream;
      if (isFirst) unansweredTypes.add(TYPE_URL.cluster);
      const again = isFirst
        ? []
        : [
            TYPE_URL.listener,
            ...REFERRED.filter((typeUrl) => heldOf(typeUrl).size > 0),
            ...(wantsHosts ? [TYPE_URL.virtualHost] : []),
          ];
      return [TYPE_URL.cluster, ...again].map((typeUrl, index) => ({
        ...firstRequest(typeUrl, current),
        ...(index === 0 ? { node } : {}),
      }));
    },
    receive(response) {
      if (stream === undefined) return [];
      const current = stream;
      take(response, current);
      const changes = REFERRED.flatMap((typeUrl) => subscriptionChange(typeUrl, current));
      return [...changes, ...acks(response, current), ...nextTypes(current)];
    },
    isConfigured: () =>
      stream?.asked.has(TYPE_URL.listener) === true &&
      unansweredTypes.size === 0 &&
      [...unansweredNames.values()].every((names) => names.size === 0),
  };
}

function endpointsOf(typeUrl: string, { references }: KnownResource): readonly string[] {
  return typeUrl === TYPE_URL.cluster ? (references.get(TYPE_URL.endpoint) ?? []) : [];
}
