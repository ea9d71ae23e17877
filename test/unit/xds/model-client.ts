import { type EncodedResource, TYPE_URL } from "../../../src/xds/resource.js";
import type { Response } from "../../../src/xds/state/response/response.js";
import type { AcceptBoth } from "../../../src/xds/state/transition/intermediate-tables.js";
import type { TypeName } from "./conversation.js";

/** What the model reads out of a resource's bytes. */
export interface Content {
  readonly name: string;
  readonly edition: number;
  readonly clusters: readonly string[];
  readonly endpoints?: string;
  /** Of a cluster, those that it accepts; of endpoints, those that they are. */
  readonly peers?: readonly string[];
  readonly routes?: readonly string[];
}

/** The model refuses what has this edition. */
export const BAD = 3;

/** Whether the model refuses a resource. */
export const isBad = ({ version }: EncodedResource): boolean =>
  version.includes(`"edition":${BAD}`);

/** A resource that says what it is. */
export function encode(content: Content): EncodedResource {
  const bytes = Buffer.from(JSON.stringify(content));
  const { name, clusters, endpoints, peers } = content;
  const version = JSON.stringify(content);
  return {
    name,
    version,
    bytes,
    clusters,
    ...(endpoints === undefined ? {} : { endpoints }),
    ...(peers === undefined ? {} : { peers }),
  };
}

/** The second of two clusters, which accepts the peers of the first too. */
export const acceptBoth: AcceptBoth = (before, after) => {
  const peers = [...(before.peers ?? []), ...(after.peers ?? [])];
  return encode({ ...decode(after), peers: [...new Set(peers)].sort() });
};

function decode({ bytes }: EncodedResource): Content {
  return JSON.parse(bytes.toString()) as Content;
}

/** How much of a response that it refuses the client takes: Envoy's ways differ by type and by fault. */
export type Partial = "none" | "good" | "up to the fault";

export const TYPES = ["cluster", "endpoint", "listener", "route"] as const;

/** A type that the model asks for. */
export type ModelType = (typeof TYPES)[number];

const NAMES = new Map<string, ModelType>(TYPES.map((type) => [TYPE_URL[type], type]));

/** What a client does with responses, apart from what it sends: the same for both protocols. */
export class ModelClient {
  readonly held: Readonly<Record<ModelType, Map<string, Content>>> = {
    cluster: new Map(),
    endpoint: new Map(),
    listener: new Map(),
    route: new Map(),
  };
  /** Names of endpoints without which a cluster is not warm. */
  readonly warming = new Set<string>();
  /** The clusters that calls go by. */
  readonly #active = new Map<string, Content>();

  readonly #mayLose: (cluster: string) => boolean;

  readonly #mindsPeers: boolean;

  /** `mayLose` says which clusters may go although something uses them. */
  constructor(mayLose: (cluster: string) => boolean, mindsPeers: boolean) {
    this.#mayLose = mayLose;
    this.#mindsPeers = mindsPeers;
  }

  /** Takes a response or some of it; the words of a NACK if something in it is bad. */
  take(response: Response, partial: Partial): string | undefined {
    const type = NAMES.get(response.typeUrl);
    if (type === undefined) throw new Error(`not asked for: ${response.typeUrl}`);
    const contents = response.payload.resources.map(decode);
    const bad = contents.filter(({ edition }) => edition === BAD);
    if (bad.length === 0) {
      this.#apply(response, type, contents);
      return undefined;
    }
    const fault = contents.findIndex(({ edition }) => edition === BAD);
    const isTaken = ({ edition }: Content, index: number): boolean =>
      partial === "good" ? edition !== BAD : partial === "up to the fault" && index < fault;
    const taken = contents.filter(isTaken);
    for (const content of taken) this.#set(type, content);
    // Envoy goes on with what it has of the endpoints that it refuses.
    if (type === "endpoint") for (const { name } of contents) this.warming.delete(name);
    return partial === "good"
      ? bad.map(({ name }) => `${name}: bad`).join(", ")
      : "something is bad";
  }

  #apply(response: Response, type: ModelType, contents: readonly Content[]): void {
    for (const content of contents) this.#set(type, content);
    const names = new Set(contents.map(({ name }) => name));
    const gone =
      response.style === "complete"
        ? [...this.held[type].keys()].filter((name) => !names.has(name))
        : response.payload.removed;
    for (const name of gone) {
      if (response.style === "partial") this.#checkReplaceable(name);
      // Envoy heeds no removal of a route configuration: it has it as long as a listener uses it.
      if (type !== "route") this.#drop(type, name);
    }
  }

  /** That there is nothing is said by an assignment without endpoints, which takes the place of those that the client has. */
  #checkReplaceable(endpoints: string): void {
    if (!this.held.endpoint.has(endpoints)) return;
    for (const { name, endpoints: its } of this.held.cluster.values()) {
      if (its === endpoints && this.#userOf(name) !== undefined && !this.#mayLose(name)) {
        throw new Error(`the endpoints of ${name} are replaced by none while it is in use`);
      }
    }
  }

  #userOf(cluster: string): Content | undefined {
    const users = [...this.held.listener.values(), ...this.held.route.values()];
    return users.find(({ clusters }) => clusters.includes(cluster));
  }

  #set(type: ModelType, content: Content): void {
    // What is not asked for is ignored.
    const isByName = type === "endpoint" || type === "route";
    if (isByName && !this.wanted(type).includes(content.name)) return;
    const before = this.held[type].get(content.name);
    this.held[type].set(content.name, content);
    if (type === "endpoint") {
      this.#checkPeers(content);
      this.warming.delete(content.name);
    }
    const isNew = JSON.stringify(before) !== JSON.stringify(content);
    if (content.endpoints !== undefined && isNew) this.warming.add(content.endpoints);
  }

  /** Endpoints reach the cluster that calls go by before the one that gets warm takes its place. */
  #checkPeers({ name, peers = [] }: Content): void {
    for (const { name: cluster, endpoints, peers: accepted } of this.#active.values()) {
      if (!this.#mindsPeers || endpoints !== name || accepted === undefined) continue;
      if (this.#userOf(cluster) === undefined) continue;
      const strange = peers.filter((peer) => !accepted.includes(peer));
      if (strange.length > 0) throw new Error(`${cluster} does not accept ${strange.join(", ")}`);
    }
  }

  /** Calls go by these clusters from now on. */
  activate(clusters: readonly EncodedResource[]): void {
    for (const content of clusters.map(decode)) {
      if (this.held.cluster.has(content.name)) this.#active.set(content.name, content);
    }
  }

  #drop(type: ModelType, name: string): void {
    if (type === "cluster" && !this.#mayLose(name)) {
      const user = this.#userOf(name);
      if (user !== undefined) throw new Error(`${name} is removed while ${user.name} uses it`);
    }
    if (type === "cluster") {
      this.warming.delete(this.held.cluster.get(name)?.endpoints ?? "");
      this.#active.delete(name);
    }
    if (type === "endpoint") this.warming.delete(name);
    this.held[type].delete(name);
  }

  /** The names of endpoints that the clusters refer to, or of routes that the listeners refer to. */
  wanted(type: "endpoint" | "route"): readonly string[] {
    const from = type === "endpoint" ? this.held.cluster : this.held.listener;
    const names = [...from.values()].flatMap(({ endpoints, routes = [] }) =>
      endpoints === undefined ? routes : [endpoints],
    );
    return [...new Set(names)].sort();
  }

  /** What is not wanted any more is dropped, as Envoy does. */
  keepOnly(type: "endpoint" | "route", names: readonly string[]): void {
    for (const name of this.held[type].keys()) {
      if (!names.includes(name)) this.held[type].delete(name);
    }
  }
}

/** The word for the type of a response. */
export function typeOf(response: Response): TypeName {
  const type = NAMES.get(response.typeUrl);
  if (type === undefined) throw new Error(response.typeUrl);
  return type;
}
