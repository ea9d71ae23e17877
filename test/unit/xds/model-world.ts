import type { Response } from "../../../src/xds/next-responses.js";
import { type EncodedResource, type ResourceView, TYPE_URL } from "../../../src/xds/resource.js";
import { subscriptionTo } from "../../../src/xds/stream-state.js";
import { isRejected } from "../../../src/xds/subscription.js";
import { DeltaConversation, SotwConversation, type ViewSketch } from "./conversation.js";
import {
  encode,
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
  | { readonly kind: "reconnect" };

type Say = () => void;

interface Judgement {
  readonly learn: () => void;
  readonly error?: string;
}

export interface Options {
  readonly protocol: "delta" | "sotw";
  /** Time passes by more than the longest wait, so that the order is not kept. */
  readonly isPatient: boolean;
  /**
   * ACKs of clusters are kept back while one is not warm, as Envoy does. Not where resources may be refused: what a client that
   * keeps an ACK back says of the refusals behind it is not modelled.
   */
  readonly keepsBack: boolean;
}

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
  readonly #keepsBack: boolean;
  #seen = 0;
  #inbox: Response[] = [];
  readonly #outbox: Record<ModelType, Say[]> = {
    cluster: [],
    endpoint: [],
    listener: [],
    route: [],
  };
  /** ACKs of clusters, which Envoy keeps back as long as one of its clusters is not warm. */
  #keptBack: (() => void)[] = [];
  readonly #names: Record<"endpoint" | "route", readonly string[]> = { endpoint: [], route: [] };
  readonly #sotwVersions = new Map<ModelType, string>();
  readonly #nonces = new Map<ModelType, string>();
  #asksForListeners = false;
  /** Clusters that the server may take for warm: ACKed, or held when the stream began. */
  #warm = new Set<string>();
  /** What the server knows to be refused when it came alone, and must not send again. */
  readonly #refusedAlone = new Set<string>();
  /** The versions of the last response of each type that the server knows to be accepted. */
  readonly #accepted: Record<ModelType, Set<string>> = noVersions();
  hasReconnected = false;
  responses = 0;

  constructor({ protocol, isPatient, keepsBack }: Options, view: ResourceView) {
    this.#protocol = protocol;
    this.#isPatient = isPatient;
    this.#keepsBack = keepsBack;
    this.client = new ModelClient(
      // In state of the world a cluster that is refused and was never accepted is left out.
      (cluster) => isPatient || this.view.get(TYPE_URL.cluster)?.has(cluster) === true,
    );
    this.#stream = this.#newStream(view);
    this.#ask("cluster");
  }

  get view(): ResourceView {
    return this.#stream.state.view;
  }

  get isQuiet(): boolean {
    const silent = Object.values(this.#outbox).every((queue) => queue.length === 0);
    return silent && this.#inbox.length === 0 && this.#stream.wakeAt === Infinity;
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
        break;
      case "reconnect":
        this.#reconnect();
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
    return this.#protocol === "delta" ? new DeltaConversation(view) : new SotwConversation(view);
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

  /** A route or listener goes out only when its clusters are warm, or refused. */
  #checkReady({ typeUrl, payload }: Response): void {
    if (typeUrl === TYPE_URL.cluster || this.#isPatient) return;
    const refused = new Set(this.refused("cluster").map(({ name }) => name));
    for (const { name, clusters = [] } of payload.changed) {
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
    for (const { version } of payload.resources) {
      if (this.#refusedAlone.has(`${typeUrl} ${version}`)) {
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
    const judge = (): void => {
      this.#judge(type, response, error);
    };
    // In state of the world a request says the last judgement alone.
    if (this.#protocol === "sotw" && type === "cluster") this.#keptBack = [];
    if (this.#keepsBack && type === "cluster") this.#keptBack.push(judge);
    else judge();
    if (this.client.warming.size === 0) for (const say of this.#keptBack.splice(0)) say();
    if (type === "cluster" && !this.#asksForListeners) this.#ask("listener");
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

  #sayNames(type: ModelType, judgement: Judgement = { learn: () => undefined }): void {
    const stream = this.#stream as SotwConversation;
    const names = type === "endpoint" || type === "route" ? this.#names[type] : [];
    const nonce = this.#nonces.get(type) ?? "";
    const version = this.#sotwVersions.get(type) ?? "";
    const { learn, ...error } = judgement;
    this.#outbox[type].push(() => {
      learn();
      stream.request(type, { names, nonce, version, ...error });
    });
  }

  #judge(type: ModelType, response: Response, error: string | undefined): void {
    const stream = this.#stream;
    const { nonce, payload, typeUrl } = response;
    const names = payload.resources.map(({ name }) => name);
    const isComplete = response.style === "complete";
    const isAccepted = ({ version }: EncodedResource): boolean =>
      isComplete && this.#accepted[type].has(version);
    // What the server knows once it has read the judgement.
    const learn = (): void => {
      const culprits = payload.resources.filter((it) => !isAccepted(it));
      const alone = culprits.length === 1 ? culprits[0] : undefined;
      if (error === undefined && type === "cluster") for (const it of names) this.#warm.add(it);
      if (error === undefined) {
        this.#accepted[type] = new Set(payload.resources.map(({ version }) => version));
      } else if (alone !== undefined) {
        this.#refusedAlone.add(`${typeUrl} ${alone.version}`);
      }
    };
    if (stream instanceof DeltaConversation) {
      this.#outbox[type].push(() => {
        learn();
        stream.request(type, error === undefined ? { nonce } : { nonce, error });
      });
    } else {
      this.#sayNames(type, { learn, ...(error === undefined ? {} : { error }) });
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
