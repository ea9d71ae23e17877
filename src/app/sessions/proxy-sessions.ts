/** The discovery sessions of proxies: what each is sent. */

import type { Clock } from "../../base/clock.js";
import { typeUrlOf } from "../../base/protobuf/type-url.js";
import { Table } from "../../base/table/table.js";
import type { Proof } from "../../ca/caller/proof.js";
import type { SecretLease, WorkloadSecrets } from "../../ca/issue/workload-secrets.js";
import { type ProxyFacts, proxyFacts } from "../../debug/proxy-facts.js";
import { identityClusterAddress } from "../../envoy/bootstrap/control-plane-cluster.js";
import { ROOT_SECRET } from "../../envoy/names.js";
import type { ConnectedProxy } from "../../envoy/proxy/connected-proxy.js";
import { MESSAGE } from "../../envoy/resource/message-types.js";
import type { AskedSets, EnvoyResource, ProxySets } from "../../envoy/resource/resource-set.js";
import { describeWorkload } from "../../envoy/telemetry/peer-description.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import type { Health } from "../../mesh/workload/health-probe.js";
import {
  type EncodedResource,
  type ResourceTable,
  type ResourceView,
  TYPE_URL,
} from "../../xds/resource.js";
import type { AskedNames, OpenRequest, Protocol, Session, XdsSessions } from "../../xds/session.js";
import type { WithMeshRoots } from "../identity/listed-roots.js";
import { createRememberedProxies } from "../registry/remembered-proxies.js";
import { type AdmissionOptions, type AdmittedProxy, admitProxy } from "./admit-proxy.js";
import { KeptTables, type OnTableFault } from "./kept-tables.js";
import type { ProvedStreams } from "./proved-streams.js";

/** A proxy that is connected now. */
export interface ConnectedSession {
  readonly connected: ConnectedProxy;
  readonly proof: Proof | undefined;
  /** What it says of its Envoy. */
  readonly facts: ProxyFacts;
}

/** A proxy that waits for what cannot be made. */
export interface WaitingProxy {
  /** Its id. */
  readonly proxy: string;
  readonly typeUrl: string;
}

/** What sessions are made with. */
export interface ProxySessionsOptions extends AdmissionOptions {
  readonly secrets: Pick<WorkloadSecrets, "hold">;
  readonly streams: ProvedStreams;
  readonly resourcesOf: (connected: ConnectedProxy) => ProxySets;
  /** Completes the secrets that are of the mesh's roots and something else. */
  readonly withMeshRoots: WithMeshRoots;
  /** A proved proxy joins the mesh; the result says that it left. */
  readonly join: (proxy: Proxy) => () => void;
  /** A proved proxy says how its application is. */
  readonly report: (proxy: Proxy, health: Health) => void;
  readonly clock: Clock;
  /** Told that what was made for a proxy is not remembered any more: it left, and did not come back. */
  readonly onForgotten: () => void;
  /**
   * Told, each time, that what proxies should hold cannot be made, so that they go on with what they have; and who waits for what,
   * having nothing.
   */
  readonly onFault: (fault: unknown, waiting?: WaitingProxy) => void;
}

/** See the top of this file. */
export interface ProxySessions extends XdsSessions {
  /** Those that are connected now. */
  connected(): readonly ConnectedSession[];
  /** How many that are. */
  readonly count: () => number;
}

/** The type by which an agent asks for the names that it answers DNS with. See Istio, NDS. */
const NAME_TABLE_URL = typeUrlOf(MESSAGE.nameTable);

const NO_SECRETS: ResourceTable = Table.empty();

/** The secrets of a proxy: its own identity's and its gateway's. Who proved nothing is given none. */
function secretsFor(
  lease: SecretLease | undefined,
  gateway: ResourceTable,
  withMeshRoots: WithMeshRoots,
): ResourceTable {
  if (lease === undefined) return NO_SECRETS;
  const own = lease.resources();
  const roots = own.find(({ name }) => name === ROOT_SECRET);
  const theirs = roots === undefined ? gateway : withMeshRoots(gateway, roots);
  return own.reduce((table, secret) => table.with(secret.name, secret), theirs);
}

/** The types of which a sidecar is sent what it asks for. */
const ASKED_TYPES: ReadonlySet<string> = new Set([TYPE_URL.cluster, TYPE_URL.virtualHost]);

const NO_NAMES: ReadonlySet<string> = new Set();

/** What a proxy is sent of what may depend on what it asks for. */
function askedOf(sets: ProxySets, asked: AskedNames): AskedSets {
  return (
    sets.asked?.({
      clusters: asked.get(TYPE_URL.cluster) ?? NO_NAMES,
      virtualHosts: asked.get(TYPE_URL.virtualHost) ?? NO_NAMES,
    }) ?? sets
  );
}

/** What a view is made of. */
interface ViewParts {
  readonly sets: ProxySets;
  readonly asked: AskedSets;
  readonly secrets: ResourceTable;
  readonly protocol: Protocol;
  readonly kept: KeptTables;
}

/**
 * What a session should hold. Only the incremental protocol can carry virtual hosts by themselves. No map: there is a view
 * for each proxy after each edit, and maps of six entries were a twelfth of what an edit left to the garbage collector.
 */
class SessionView implements ResourceView {
  readonly #sets: ProxySets;
  readonly #asked: AskedSets;
  readonly #secrets: ResourceTable;
  readonly #protocol: Protocol;
  readonly #kept: KeptTables;

  constructor({ sets, asked, secrets, protocol, kept }: ViewParts) {
    this.#sets = sets;
    this.#asked = asked;
    this.#secrets = secrets;
    this.#protocol = protocol;
    this.#kept = kept;
  }

  get hasStandIns(): boolean {
    return this.#sets.hasStandIns === true;
  }

  get(typeUrl: string): ResourceTable | undefined {
    try {
      const table = this.#make(typeUrl);
      this.#kept.keep(typeUrl, table);
      return table;
    } catch (fault) {
      return this.#kept.insteadOf(typeUrl, fault);
    }
  }

  #make(typeUrl: string): ResourceTable | undefined {
    const isSplit = this.#protocol === "delta";
    switch (typeUrl) {
      case TYPE_URL.cluster:
        return this.#asked.clusters;
      case TYPE_URL.endpoint:
        return this.#sets.endpoints;
      case TYPE_URL.secret:
        return this.#secrets;
      case TYPE_URL.listener:
        return this.#sets.listeners;
      case TYPE_URL.route:
        return isSplit ? this.#sets.splitRoutes : this.#sets.routes;
      case TYPE_URL.virtualHost:
        return isSplit ? this.#asked.virtualHosts : undefined;
      case TYPE_URL.extensionConfig:
        return this.#sets.extensions;
      case NAME_TABLE_URL:
        return this.#sets.names.size > 0 ? this.#sets.names : undefined;
      default:
        return undefined;
    }
  }
}

/** A resource of a set as it was built, by the URL of its type. */
export function resourceIn(
  sets: ProxySets,
  typeUrl: string,
  name: string,
): EnvoyResource | undefined {
  switch (typeUrl) {
    case TYPE_URL.cluster:
      return sets.clusters.get(name);
    case TYPE_URL.endpoint:
      return sets.endpoints.get(name);
    case TYPE_URL.listener:
      return sets.listeners.get(name);
    case TYPE_URL.route:
      return sets.splitRoutes.get(name);
    case TYPE_URL.virtualHost:
      return sets.virtualHosts.get(name) ?? hostAskedFor(sets, name);
    case TYPE_URL.extensionConfig:
      return sets.extensions.get(name);
    case NAME_TABLE_URL:
      return sets.names.get(name);
    default:
      return sets.secrets.get(name);
  }
}

/** The virtual host that a sidecar is sent which asks for it by this name. */
function hostAskedFor({ asked }: ProxySets, name: string): EnvoyResource | undefined {
  return asked?.({ clusters: NO_NAMES, virtualHosts: new Set([name]) }).virtualHosts.get(name);
}

interface LastView {
  readonly sets: ProxySets;
  readonly asked: AskedNames;
  readonly own: readonly EncodedResource[];
  readonly secrets: ResourceTable;
  readonly view: ResourceView;
}

const NOTHING: readonly EncodedResource[] = [];

interface ViewOptions extends Pick<ProxySessionsOptions, "withMeshRoots"> {
  readonly protocol: Protocol;
  readonly onFault: OnTableFault;
}

/** The view of a session, the same object until something in it changes. It is asked for after every message. */
function createView(
  setsNow: () => ProxySets,
  lease: SecretLease | undefined,
  { protocol, onFault, withMeshRoots }: ViewOptions,
): Session["view"] {
  const kept = new KeptTables(onFault);
  let last: LastView | undefined;
  const viewNow = (asked: AskedNames): ResourceView => {
    const sets = setsNow();
    const own = lease?.resources() ?? NOTHING;
    if (last?.sets === sets && last.own === own && last.asked === asked) return last.view;
    const secrets =
      last?.sets.secrets === sets.secrets && last.own === own
        ? last.secrets
        : secretsFor(lease, sets.secrets, withMeshRoots);
    const view = new SessionView({ sets, asked: askedOf(sets, asked), secrets, protocol, kept });
    last = { sets, asked, own, secrets, view };
    return view;
  };
  return (asked) => {
    try {
      return viewNow(asked);
    } catch (fault) {
      if (last === undefined) return { get: (typeUrl) => kept.insteadOf(typeUrl, fault) };
      onFault(fault);
      return last.view;
    }
  };
}

/** The sessions of a control plane. */
export function createProxySessions(options: ProxySessionsOptions): ProxySessions {
  const all = new Set<ConnectedSession>();
  const remembered = createRememberedProxies(options.clock, options.onForgotten);
  return {
    connected: () => [...all],
    count: () => all.size,
    toldTypes: TOLD_TYPES,
    open: async (request): Promise<Session> => {
      const { proxy, proof } = adapted(await admitProxy(request, options), request);
      const lease =
        proof === undefined
          ? undefined
          : await options.secrets.hold(proof, describeWorkload(proxy));
      const controlPlane =
        proof === undefined ? undefined : identityClusterAddress(request.node.metadata ?? {});
      const { connected, release } = remembered.hold({ proxy, controlPlane });
      const facts = proxyFacts(request.node, proxy.address);
      const session: ConnectedSession = { connected, proof, facts };
      const leave = proof === undefined ? undefined : options.join(proxy);
      const endProof = proof && options.streams.add(proof, request.refuse);
      all.add(session);
      return {
        id: proxy.id,
        ...(proxy.onDemand ? { askedTypes: ASKED_TYPES } : {}),
        view: createView(() => options.resourcesOf(connected), lease, {
          protocol: request.protocol,
          withMeshRoots: options.withMeshRoots,
          onFault: (fault, typeUrl) => {
            options.onFault(
              fault,
              typeUrl === undefined ? undefined : { proxy: proxy.id, typeUrl },
            );
          },
        }),
        told: (_typeUrl, error) => {
          if (proof === undefined) return;
          options.report(proxy, { healthy: error === undefined, reason: error ?? "" });
        },
        closed: () => {
          all.delete(session);
          release();
          endProof?.();
          leave?.();
          lease?.release();
        },
      };
    },
  };
}

/** By this Istio's agent says whether the application is healthy. See Istio, pilot/pkg/xds, HealthInfoType. */
const TOLD_TYPES: ReadonlySet<string> = new Set([typeUrlOf("istio.v1.HealthInformation")]);

/** Only the incremental protocol can be asked for single hosts. */
function adapted(admitted: AdmittedProxy, { protocol }: OpenRequest): AdmittedProxy {
  const { proxy } = admitted;
  return protocol === "delta" ? admitted : { ...admitted, proxy: { ...proxy, onDemand: false } };
}
