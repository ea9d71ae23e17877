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
import type { Answer } from "./answer.js";
import type { DeltaRequest } from "./discovery-wire.js";
import { createHeldResources, type HeldResources } from "./held-resources.js";
import { createUnanswered, type Unanswered } from "./unanswered.js";
import { createWarming, type Warming } from "./warming.js";

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
  /** The types that were asked for. */
  readonly asked: Set<string>;
  readonly warming: Warming;
}

/** What a proxy remembers over all its streams; changed in place. */
interface State {
  readonly held: HeldResources;
  readonly unanswered: Unanswered;
  /** Types that are asked for as a whole because of what came: virtual hosts, where a route configuration has none itself. */
  readonly wanted: Set<string>;
}

/** A proxy that holds nothing yet. */
export function createProxy(node: Buffer): Proxy {
  const state: State = {
    held: createHeldResources(),
    unanswered: createUnanswered(),
    wanted: new Set(),
  };
  let stream: Stream | undefined;
  return {
    begin() {
      const isFirst = stream === undefined;
      const current: Stream = { asked: new Set(), warming: createWarming() };
      stream = current;
      if (isFirst) state.unanswered.askForType(TYPE_URL.cluster);
      const types = isFirst ? [TYPE_URL.cluster] : typesOfReturn(state);
      return types.map((typeUrl, index) => ({
        ...firstRequest(typeUrl, state, current),
        ...(index === 0 ? { node } : {}),
      }));
    },
    receive(response) {
      if (stream === undefined) return [];
      const current = stream;
      take(response, state, current);
      const changes = REFERRED.flatMap((typeUrl) => subscriptionChange(typeUrl, state, current));
      return [...changes, ...current.warming.acks(response), ...nextTypes(state, current)];
    },
    isConfigured: () => stream?.asked.has(TYPE_URL.listener) === true && state.unanswered.isEmpty(),
  };
}

/** What a proxy asks for at once that comes back. */
const typesOfReturn = ({ held, wanted }: State): readonly string[] => [
  TYPE_URL.cluster,
  TYPE_URL.listener,
  ...REFERRED.filter((typeUrl) => held.of(typeUrl).length > 0),
  ...wanted,
];

function firstRequest(typeUrl: string, { held }: State, { asked }: Stream): DeltaRequest {
  asked.add(typeUrl);
  const versions = held.of(typeUrl).map(({ versionField }) => versionField);
  const subscribe = WILDCARD.has(typeUrl) ? [] : held.referred(typeUrl);
  return { typeUrl, subscribe, versions };
}

/** What is asked for, and no longer, because other names are referred to than before. */
function subscriptionChange(
  typeUrl: string,
  state: State,
  stream: Stream,
): readonly DeltaRequest[] {
  const { added, taken } = state.held.takeChanges(typeUrl);
  if (added.length === 0 && taken.length === 0) return [];
  state.unanswered.askForNames(typeUrl, added);
  if (!stream.asked.has(typeUrl)) return [firstRequest(typeUrl, state, stream)];
  return [{ typeUrl, subscribe: added, unsubscribe: taken }];
}

function take(response: Answer, state: State, { warming }: Stream): void {
  const { typeUrl, resources, removed } = response;
  for (const resource of resources) {
    state.held.put(typeUrl, resource);
    if (resource.takesVirtualHosts) state.wanted.add(TYPE_URL.virtualHost);
  }
  for (const name of removed) state.held.remove(typeUrl, name);
  state.unanswered.answer(typeUrl, [...resources.map(({ name }) => name), ...removed]);
  warming.take(response);
}

/** The types that it asks for as a whole once it has what comes before them. */
function nextTypes(state: State, stream: Stream): readonly DeltaRequest[] {
  const listeners = stream.warming.isWarm() ? [TYPE_URL.listener] : [];
  const due = [...listeners, ...state.wanted].filter((typeUrl) => !stream.asked.has(typeUrl));
  for (const typeUrl of due) state.unanswered.askForType(typeUrl);
  return due.map((typeUrl) => firstRequest(typeUrl, state, stream));
}
