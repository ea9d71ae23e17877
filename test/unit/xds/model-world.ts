import { type EncodedResource, type ResourceView, TYPE_URL } from "../../../src/xds/resource.js";
import type { Response } from "../../../src/xds/state/response/response.js";
import { subscriptionTo } from "../../../src/xds/state/stream-state.js";
import { isRejected } from "../../../src/xds/state/subscription/subscription.js";
import { DeltaConversation, newServer, SotwConversation, type ViewSketch } from "./conversation.js";
import {
  acceptBoth,
  encode,
  isBad,
  ModelClient,
  type ModelType,
  type Partial,
  TYPES,
  typeOf,
} from "./model-client.js";

/** What happens, in any order. */
export type Event =
  | { readonly kind: "publish"; readonly sketch: ViewSketch }
  /** The client reads the next response. */
  | { readonly kind: "read"; readonly partial: Partial }
  /** The server reads the next request of one type. */
  | { readonly kind: "say"; readonly type: ModelType }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "reconnect" }
  /** All that there is to say is said. */
  | { readonly kind: "rest" };

type Say = () => void;

/** What the client finds of a response: the words of a NACK, or none. */
interface Judgement {
  readonly type: ModelType;
  readonly response: Response;
  readonly error: string | undefined;
}

export interface Options {
  readonly protocol: "delta" | "sotw";
  /** Time passes by more than the longest wait, so that the order is not kept. */
  readonly isPatient: boolean;
  /** The client waits in vain for endpoints for a while only, as Envoy does; it need not where all is told. */
  readonly givesUp: boolean;
  /** What is sent is taken in time, so that a cluster always accepts the peers that are its endpoints. */
  readonly isSure: boolean;
}

/** Shorter than the server waits for a cluster to be warm, so that the order is kept also where a client waits in vain. */
const FETCH_TIMEOUT_MS = 4000;

const NONE: ReadonlySet<string> = new Set();

const noVersions = (): Record<ModelType, Set<string>> => ({
  cluster: new Set(),
  endpoint: new Set(),
  listener: new Set(),
  route: new Set(),
});

/** A client and a server with a wire between them on which everything takes its time. */
export class World {
  readonly client: ModelClient;
  #stream: DeltaConversation | SotwConversation;
  readonly #protocol: "delta" | "sotw";
  readonly #isPatient: boolean;
  readonly #givesUp: boolean;
  #seen = 0;
  #inbox: Response[] = [];
  readonly #outbox: Record<ModelType, Say[]> = {
    cluster: [],
    endpoint: [],
    listener: [],
    route: [],
  };
  /** Judgements of clusters, which Envoy keeps back as long as one of its clusters is not warm. */
  #keptBack: Judgement[] = [];
  /** When it began to wait for the endpoints of what it was sent last. */
  #waitsSince = 0;
  readonly #names: Record<"endpoint" | "route", readonly string[]> = { endpoint: [], route: [] };
  readonly #sotwVersions = new Map<ModelType, string>();
  readonly #nonces = new Map<ModelType, string>();
  #asksForListeners = false;
  /** Clusters that the server may take for warm: ACKed, or held when the stream began. */
  #warm = new Set<string>();
  /** By type and name, what the server knows to be refused last when it came alone, and must not send again. */
  readonly #refusedAlone = new Map<string, string>();
  /** The versions of the last response of each type that the server knows to be accepted. */
  readonly #accepted: Record<ModelType, Set<string>> = noVersions();
  hasReconnected = false;
  responses = 0;

  constructor({ protocol, isPatient, givesUp, isSure }: Options, view: ResourceView) {
    this.#protocol = protocol;
    this.#isPatient = isPatient;
    this.#givesUp = givesUp;
    this.client = new ModelClient((cluster) => isPatient || this.#mayBeLeftOut(cluster), isSure);
    this.#stream = this.#newStream(view);
    this.#ask("cluster");
  }

  /**
   * In state of the world a cluster that was never accepted is left out of the next set: since it is refused, or came in a set
   * that was, of which the client may have taken it all the same.
   */
  #mayBeLeftOut(cluster: string): boolean {
    const isThere = this.view.get(TYPE_URL.cluster)?.has(cluster) === true;
    return isThere || (this.#protocol === "sotw" && !this.#warm.has(cluster));
  }

  get view(): ResourceView {
    return this.#stream.view;
  }

  get isQuiet(): boolean {
    const silent = Object.values(this.#outbox).every((queue) => queue.length === 0);
    const isSilent = silent && this.#inbox.length === 0 && this.#keptBack.length === 0;
    return isSilent && this.#stream.wakeAt === Infinity;
  }

  happen(event: Event): void {
    switch (event.kind) {
      case "publish":
        this.#stream.change(event.sketch);
        break;
      case "read":
        this.#read(event.partial);
        break;
      case "say":
        this.#outbox[event.type].shift()?.();
        break;
      case "pass":
        this.#stream.pass(event.ms);
        this.#giveUp();
        break;
      case "reconnect":
        this.#reconnect();
        break;
      case "rest":
        this.settle();
        break;
    }
    this.#collect();
  }

  /** Everything is read and said until nobody has anything to say. */
  settle(): void {
    for (let round = 0; !this.isQuiet; round++) {
      if (round > 2000) throw new Error("the stream does not come to rest");
      this.happen({ kind: "read", partial: "good" });
      for (const type of TYPES) this.happen({ kind: "say", type });
      if (Object.values(this.#outbox).every((queue) => queue.length === 0)) {
        this.happen({ kind: "pass", ms: 100 });
      }
    }
  }

  refused(type: ModelType): readonly EncodedResource[] {
    const subscription = subscriptionTo(this.#stream.state, TYPE_URL[type]);
    if (subscription === undefined) return [];
    const table = this.view.get(TYPE_URL[type]);
    return [...(table?.values() ?? [])].filter((it) => isRejected(subscription, it));
  }

  #newStream(view: ResourceView): DeltaConversation | SotwConversation {
    return this.#protocol === "delta"
      ? new DeltaConversation(view, newServer(acceptBoth))
      : new SotwConversation(view);
  }

  /** Looks at what the server has sent since. */
  #collect(): void {
    const fresh = this.#stream.received.slice(this.#seen);
    this.#seen = this.#stream.received.length;
    this.responses += fresh.length;
    for (const response of fresh) {
      this.#checkReady(response);
      this.#checkNotRefused(response);
      this.#inbox.push(response);
    }
  }

  /** A route or listener goes out only when its clusters are warm, or refused; unless it stands in for what follows it. */
  #checkReady(response: Response): void {
    const { typeUrl, style, payload } = response;
    if (typeUrl === TYPE_URL.cluster || this.#isPatient) return;
    const standIns = style === "complete" ? this.#accepted[typeOf(response) as ModelType] : NONE;
    const refused = new Set(this.refused("cluster").map(({ name }) => name));
    for (const { name, version, clusters = [] } of payload.changed) {
      if (standIns.has(version)) continue;
      for (const cluster of clusters) {
        const isKnown = this.view.get(TYPE_URL.cluster)?.has(cluster) === true;
        if (isKnown && !this.#warm.has(cluster) && !refused.has(cluster)) {
          throw new Error(`${name} is sent before its cluster ${cluster} is taken`);
        }
      }
    }
  }

  #checkNotRefused({ typeUrl, style, payload }: Response): void {
    if (style === "complete" && this.hasReconnected) return;
    for (const { name, version } of payload.resources) {
      if (this.#refusedAlone.get(`${typeUrl} ${name}`) === version) {
        throw new Error(`${version} is sent though it was refused`);
      }
    }
  }

  #read(partial: Partial): void {
    const response = this.#inbox.shift();
    if (response === undefined) return;
    const type = typeOf(response) as ModelType;
    const error = this.client.take(response, partial);
    this.#nonces.set(type, response.nonce);
    if (error === undefined) this.#sotwVersions.set(type, response.payload.version);
    if (type === "cluster") this.#follow("endpoint");
    if (type === "listener") this.#follow("route");
    const judgement = { type, response, error };
    if (type === "cluster") this.#waitsSince = this.#stream.now;
    if (type === "cluster") this.#keptBack.push(judgement);
    else this.#say([judgement]);
    if (this.client.warming.size === 0) this.#say(this.#keptBack.splice(0));
    if (type === "cluster" && !this.#asksForListeners) this.#ask("listener");
  }

  /** Envoy waits for endpoints no longer than a while: it goes without those that there are not, or that it refused before. */
  #giveUp(): void {
    if (!this.#givesUp || this.#stream.now < this.#waitsSince + FETCH_TIMEOUT_MS) return;
    const endpoints = this.view.get(TYPE_URL.endpoint);
    for (const name of this.client.warming) {
      const there = endpoints?.get(name);
      if (there === undefined || isBad(there)) this.client.warming.delete(name);
    }
    if (this.client.warming.size === 0) this.#say(this.#keptBack.splice(0));
  }

  /** The client asks for the names that its clusters or listeners refer to now. */
  #follow(type: "endpoint" | "route"): void {
    const before = this.#names[type];
    const names = this.client.wanted(type);
    this.client.keepOnly(type, names);
    this.#names[type] = names;
    const subscribe = names.filter((name) => !before.includes(name));
    const unsubscribe = before.filter((name) => !names.includes(name));
    if (subscribe.length === 0 && unsubscribe.length === 0) return;
    const stream = this.#stream;
    if (stream instanceof DeltaConversation) {
      this.#outbox[type].push(() => stream.request(type, { subscribe, unsubscribe }));
    } else {
      this.#sayNames(type);
    }
  }

  #sayNames(type: ModelType, error?: string, learn: () => void = () => undefined): void {
    const stream = this.#stream as SotwConversation;
    const names = type === "endpoint" || type === "route" ? this.#names[type] : [];
    const nonce = this.#nonces.get(type) ?? "";
    const version = this.#sotwVersions.get(type) ?? "";
    this.#outbox[type].push(() => {
      learn();
      stream.request(type, { names, nonce, version, ...(error === undefined ? {} : { error }) });
    });
  }

  /** Says what the client finds of some responses of one type, the oldest first. */
  #say(judgements: readonly Judgement[]): void {
    const stream = this.#stream;
    if (stream instanceof SotwConversation) {
      this.#sayAtOnce(judgements);
      return;
    }
    for (const judgement of judgements) {
      const { type, response, error } = judgement;
      const { nonce } = response;
      this.#outbox[type].push(() => {
        this.#learn(judgement);
        stream.request(type, error === undefined ? { nonce } : { nonce, error });
      });
    }
  }

  /** In state of the world Envoy has one request: the newest nonce, what it took last, and the newest error, of whatever it is. */
  #sayAtOnce(judgements: readonly Judgement[]): void {
    const last = judgements.at(-1);
    if (last === undefined) return;
    const taken = judgements.findLast(({ error }) => error === undefined);
    const error = judgements.findLast((it) => it.error !== undefined)?.error;
    this.#sayNames(last.type, error, () => {
      if (taken !== undefined) this.#learn(taken);
      if (last !== taken) this.#learn(last);
    });
  }

  /** What the server knows once it has read what the client finds. */
  #learn({ type, response, error }: Judgement): void {
    const { payload, typeUrl, style } = response;
    const known = style === "complete" ? this.#accepted[type] : NONE;
    if (error === undefined) {
      this.#accepted[type] = new Set(payload.resources.map(({ version }) => version));
      if (type !== "cluster") return;
      for (const { name } of payload.resources) this.#warm.add(name);
      // At the latest now.
      this.client.activate(payload.resources);
      return;
    }
    const culprits = payload.resources.filter(({ version }) => !known.has(version));
    const [alone] = culprits;
    if (alone !== undefined && culprits.length === 1) {
      this.#refusedAlone.set(`${typeUrl} ${alone.name}`, alone.version);
    }
  }

  #ask(type: ModelType): void {
    if (type === "listener") this.#asksForListeners = true;
    const stream = this.#stream;
    const names = type === "endpoint" || type === "route" ? this.#names[type] : [];
    if (stream instanceof DeltaConversation) {
      const held = [...this.client.held[type]].map(([name, it]) => [name, encode(it).version]);
      const versions = Object.fromEntries(held) as Record<string, string>;
      stream.request(type, { subscribe: names, versions });
    } else {
      const version = this.#sotwVersions.get(type) ?? "";
      stream.request(type, { names, version });
    }
    this.#collect();
  }

  #reconnect(): void {
    this.hasReconnected = true;
    this.#inbox = [];
    this.#keptBack = [];
    this.#waitsSince = 0;
    for (const type of TYPES) this.#outbox[type] = [];
    this.#nonces.clear();
    this.#seen = 0;
    // What was still on its way is lost, and Envoy does without the endpoints then.
    this.client.warming.clear();
    this.#refusedAlone.clear();
    Object.assign(this.#accepted, noVersions());
    this.#warm = new Set(this.client.held.cluster.keys());
    this.#stream = this.#newStream(this.view);
    this.#ask("cluster");
    if (this.#asksForListeners) this.#ask("listener");
    this.#ask("route");
    this.#ask("endpoint");
  }
}
