/** Lets proxies in: finds out who they are, and what they are sent. */

import { status } from "@grpc/grpc-js";
import { Table } from "../base/table.js";
import type { Authenticate } from "../ca/authenticate.js";
import { authorizeNode } from "../ca/authorize-node.js";
import { presentedBy } from "../ca/presented-by.js";
import type { Proof } from "../ca/proof.js";
import type { SecretLease, WorkloadSecrets } from "../ca/workload-secrets.js";
import { type ProxyFacts, proxyFacts } from "../debug/proxy-facts.js";
import { identityClusterAddress } from "../envoy/control-plane-cluster.js";
import type { ConnectedProxy } from "../envoy/proxy-resources.js";
import type { AskedSets, EnvoyResource, ProxySets, ResourceSets } from "../envoy/resource-set.js";
import { CallRefused } from "../grpc/call-refused.js";
import { type InvalidNode, type Proxy, parseNode } from "../mesh/proxy.js";
import {
  type EncodedResource,
  type ResourceTable,
  type ResourceView,
  TYPE_URL,
} from "../xds/resource.js";
import {
  type AskedNames,
  type OpenRequest,
  type Protocol,
  type Session,
  type XdsSessions,
} from "../xds/session.js";
import { createRememberedProxies } from "./remembered-proxies.js";

/** A proxy that is connected now. */
export interface ConnectedSession {
  readonly connected: ConnectedProxy;
  readonly proof: Proof | undefined;
  /** What it says of its Envoy. */
  readonly facts: ProxyFacts;
}

/** What sessions are made with. */
export interface ProxySessionsOptions {
  readonly authenticate: Authenticate;
  readonly secrets: WorkloadSecrets;
  readonly resourcesOf: (connected: ConnectedProxy) => ProxySets;
  /** A proved proxy joins the mesh; the result says that it left. */
  readonly join: (proxy: Proxy) => () => void;
  readonly onRefused: (reason: string, fields: Readonly<Record<string, unknown>>) => void;
  readonly timers: {
    readonly now: () => number;
    readonly at: (time: number, call: () => void) => () => void;
  };
}

/** See the top of this file. */
export interface ProxySessions extends XdsSessions {
  /** Those that are connected now. */
  connected(): readonly ConnectedSession[];
  /** Ends the streams that were opened by certificates of such serial numbers. */
  endRevoked(revoked: (serialNumber: string) => boolean): void;
}

/** The node's metadata as plain JSON, and its locality. Only the incremental protocol can be asked for single hosts. */
function proxyOf({ node, protocol }: OpenRequest): Proxy | InvalidNode {
  const { region = "", zone = "", subZone = "" } = node.locality ?? {};
  const proxy = parseNode({
    id: node.id,
    metadata: node.metadata ?? {},
    locality: { region, zone, subZone },
  });
  return "invalid" in proxy || protocol === "delta" ? proxy : { ...proxy, onDemand: false };
}

function refuse(code: status, message: string): never {
  throw new CallRefused(code, message);
}

/** The proof of a peer; undefined on the plaintext port, where nobody is anyone. */
async function proofOf(
  { peer }: OpenRequest,
  { authenticate, onRefused }: ProxySessionsOptions,
): Promise<Proof | undefined> {
  const result = await authenticate(presentedBy(peer));
  switch (result.kind) {
    case "anonymous":
      return undefined;
    case "proved":
      return result.proof;
    case "refused": {
      const { code, message, reason, detail } = result.refusal;
      onRefused(reason, { detail, peer: peer.name });
      return refuse(code, message);
    }
  }
}

const NO_SECRETS: ResourceTable = Table.empty();

/** The secrets of a proxy: its own identity's and its gateway's. Who proved nothing is given none. */
function secretsFor(lease: SecretLease | undefined, gateway: ResourceTable): ResourceTable {
  if (lease === undefined) return NO_SECRETS;
  let table = gateway;
  for (const secret of lease.resources()) table = table.with(secret.name, secret);
  return table;
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

/** What a session should hold. Only the incremental protocol can carry virtual hosts by themselves. */
function viewOf(
  sets: ResourceSets,
  { clusters, virtualHosts }: AskedSets,
  secrets: ResourceTable,
  protocol: Protocol,
): ResourceView {
  const view = new Map<string, ResourceTable>();
  view.set(TYPE_URL.cluster, clusters);
  view.set(TYPE_URL.endpoint, sets.endpoints);
  view.set(TYPE_URL.secret, secrets);
  view.set(TYPE_URL.listener, sets.listeners);
  view.set(TYPE_URL.route, protocol === "sotw" ? sets.routes : sets.splitRoutes);
  if (protocol === "delta") view.set(TYPE_URL.virtualHost, virtualHosts);
  return view;
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
  readonly view: ResourceView;
}

const NOTHING: readonly EncodedResource[] = [];

/** The view of a session, the same object until something in it changes. It is asked for after every message. */
function createView(
  setsNow: () => ProxySets,
  lease: SecretLease | undefined,
  protocol: Protocol,
): Session["view"] {
  let last: LastView | undefined;
  return (asked) => {
    const sets = setsNow();
    const own = lease?.resources() ?? NOTHING;
    if (last?.sets === sets && last.own === own && last.asked === asked) return last.view;
    const secrets =
      last?.sets.secrets === sets.secrets && last.own === own
        ? last.view.get(TYPE_URL.secret)
        : undefined;
    const table = secrets ?? secretsFor(lease, sets.secrets);
    last = { sets, asked, own, view: viewOf(sets, askedOf(sets, asked), table, protocol) };
    return last.view;
  };
}

/** The sessions of a control plane. */
export function createProxySessions(options: ProxySessionsOptions): ProxySessions {
  const all = new Map<ConnectedSession, OpenRequest["refuse"]>();
  const remembered = createRememberedProxies(options.timers);
  return {
    connected: () => [...all.keys()],
    endRevoked: (revoked) => {
      for (const [{ proof }, end] of all) {
        if (proof?.method === "certificate" && revoked(proof.evidence)) end(REVOKED);
      }
    },
    open: async (request): Promise<Session> => {
      const proof = await proofOf(request, options);
      const proxy = proxyOf(request);
      if ("invalid" in proxy) return refuse(status.INVALID_ARGUMENT, proxy.invalid);
      if (proof !== undefined) {
        const authorization = authorizeNode(proof, proxy);
        if (authorization.kind === "denied") {
          options.onRefused("identity", {
            detail: authorization.message,
            peer: request.peer.name,
          });
          return refuse(authorization.code, authorization.message);
        }
      }
      const lease = proof === undefined ? undefined : await options.secrets.hold(proof);
      const controlPlane =
        proof === undefined ? undefined : identityClusterAddress(request.node.metadata ?? {});
      const { connected, release } = remembered.hold({ proxy, controlPlane });
      const facts = proxyFacts(request.node, proxy.address);
      const session: ConnectedSession = { connected, proof, facts };
      const leave = proof === undefined ? undefined : options.join(proxy);
      const endProof = endWithProof(proof, request, options);
      all.set(session, request.refuse);
      return {
        id: proxy.id,
        ...(proxy.onDemand ? { askedTypes: ASKED_TYPES } : {}),
        view: createView(() => options.resourcesOf(connected), lease, request.protocol),
        closed: () => {
          all.delete(session);
          release();
          endProof();
          leave?.();
          lease?.release();
        },
      };
    },
  };
}

const REVOKED = new CallRefused(
  status.UNAUTHENTICATED,
  "the certificate by which this stream was opened is revoked: make a join token with 'fairlead token create' and give it to the proxy's bootstrap",
);

/** A stream lasts no longer than the proof that opened it: the proxy comes back by its newer certificate. */
function endWithProof(
  proof: Proof | undefined,
  request: OpenRequest,
  { timers }: ProxySessionsOptions,
): () => void {
  if (proof === undefined) return () => undefined;
  return timers.at(proof.expiresAt, () => {
    request.refuse(
      new CallRefused(
        status.UNAUTHENTICATED,
        `the ${proof.method} by which this stream was opened has expired: connect again`,
      ),
    );
  });
}
