/** Walks the configuration of both ends of a call: of the proxy that it goes out by, and of those that it comes in by. */

import type { ClusterJson } from "../envoy/api.js";
import { FORWARD_PROXY_CLUSTER } from "../envoy/cluster/forward-proxy.js";
import { checkAccess, filtered } from "./access/access.js";
import type { FilterVerdict } from "./access/filter-answer.js";
import { announcedProtocols, endsTunnel } from "./announced-protocols.js";
import type { Call, ClientHello, Encryption, HttpRequest } from "./call.js";
import type { ProxyConfiguration } from "./configuration.js";
import {
  type Ending,
  endingAtProxy,
  endingAtServer,
  notConnected,
  withoutCluster,
  withoutEndpoints,
} from "./ending.js";
import type { PlaceShare } from "./endpoint-shares.js";
import { criteriaOf, type EndpointCriteria } from "./endpoint-subset.js";
import { forwardedRequest, type OwnChanges } from "./forwarded-request.js";
import { certificateOf } from "./network-filters.js";
import type { Walk } from "./outcome.js";
import { walk } from "./simulate.js";
import { type Endpoint, encryptionOf, upstreamOf } from "./upstream.js";

/** A proxy of the mesh. */
export interface Peer {
  /** `NAME.NAMESPACE`. */
  readonly id: string;
  /** Where others call it. */
  readonly address: string;
  /** The SPIFFE identity in its certificate. */
  readonly identity: string;
  /** Connections are redirected to it by the kernel. */
  readonly isCaptured: boolean;
  /** Behind it is no application: what it takes it sends on. */
  readonly isGateway: boolean;
  readonly configuration: ProxyConfiguration;
}

/** A call at one proxy. */
export interface Hop {
  readonly peer: Peer;
  readonly call: Call;
  readonly walk: Walk;
  readonly verdicts: readonly FilterVerdict[];
}

/** A call at one endpoint. */
export interface Arrival {
  readonly endpoint: Endpoint;
  /** At the endpoint's proxy; absent when it has none. */
  readonly hop?: Hop;
  /** Where a gateway sends the call on; nothing where it does not come so far. */
  readonly branches: readonly Branch[];
  /** Absent where that is for those branches to say. */
  readonly ending?: Ending;
}

/** One of the clusters to which a call may go. */
export interface Branch {
  readonly cluster: string;
  /** Of all requests, from 0 to 1. */
  readonly share: number;
  /** Absent when the proxy has none of that name. */
  readonly config?: ClusterJson;
  readonly arrivals: readonly Arrival[];
  /** Where its endpoints are, also those that are not called while others are healthy. */
  readonly places?: readonly PlaceShare[];
  /** How many endpoints the cluster has, also those that the call is not for. */
  readonly size?: number;
  /** Who answers that the mesh does not know; absent where it does. */
  readonly outside?: { readonly who: string; readonly encryption: Encryption };
  /** How the call ends without an endpoint. */
  readonly ending?: Ending;
}

/** All that may become of a call. */
export interface Journey {
  readonly hop: Hop;
  readonly branches: readonly Branch[];
  /** How the call ends at the first proxy; it has no branches then. */
  readonly ending?: Ending;
}

/** The proxy at an address at which endpoints are called; undefined when there is none. */
export type PeerAt = (address: string) => Peer | undefined;

const ANSWERS: Ending = { isAnswered: true, flags: [], reason: "" };

/** Calls that gateways send on to each other are followed so far. */
const MOST_GATEWAYS = 4;

/** Follows a call from the proxy that it goes out by, or from a gateway that it comes in by. */
export function travel(peer: Peer, call: Call, peerAt: PeerAt): Journey {
  const hop = hopAt(peer, call);
  const ending = endingAtProxy(hop.walk, hop.verdicts);
  if (ending !== undefined) return { hop, branches: [], ending };
  return { hop, branches: branchesOf(hop, { peerAt, gateways: MOST_GATEWAYS }) };
}

/** What a call is followed with. */
interface Way {
  readonly peerAt: PeerAt;
  /** Of how many gateways more it is asked where they send it on. */
  readonly gateways: number;
}

function branchesOf(hop: Hop, way: Way): readonly Branch[] {
  const { clusters, passed } = hop.walk;
  const total = clusters.reduce((sum, { weight }) => sum + weight, 0);
  const several = passed.route?.route?.weightedClusters?.clusters ?? [];
  return clusters
    .map(({ name, weight }, i): Chosen => ({ name, share: weight / total, own: several[i] ?? {} }))
    .filter(({ share }) => share > 0)
    .map((chosen) => branchOf(hop, chosen, way));
}

/** One of the clusters of a walk. */
interface Chosen {
  readonly name: string;
  readonly share: number;
  readonly own: OwnChanges;
}

function hopAt(peer: Peer, call: Call): Hop {
  const walked = walk(peer.configuration, call);
  return { peer, call, walk: walked, verdicts: checkAccess(walked.passed, call) };
}

function branchOf(hop: Hop, { name, share, own }: Chosen, way: Way): Branch {
  const { configuration } = hop.peer;
  const config = configuration.clusters.get(name);
  if (config === undefined) {
    const ending = withoutCluster(hop.walk.passed.route, `the proxy has no cluster ${name}`);
    return { cluster: name, share, arrivals: [], ending };
  }
  const branch = { cluster: name, share, config };
  const outside = outsideOf(config, hop);
  if (outside !== undefined) {
    const { who, reason } = outside;
    const encryption = encryptionOf(config);
    return {
      ...branch,
      arrivals: [],
      outside: { who, encryption },
      ending: { ...ANSWERS, reason },
    };
  }
  const criteria = criteriaOf(config, hop.walk.passed, hop.call.request);
  const { endpoints, places, size } = upstreamOf(config, configuration, criteria);
  const called = endpoints.filter((endpoint) => endpoint.share > 0);
  const arrivals = called.map((endpoint) => arrivalAt({ ...hop, own }, endpoint, way));
  if (arrivals.length > 0) return { ...branch, arrivals, places, size };
  const reason =
    endpoints.length === 0 ? withoutAny(criteria) : "no endpoint of the cluster is healthy";
  const ending = withoutEndpoints(hop.walk.passed.route, reason);
  return { ...branch, arrivals, size, ending };
}

function withoutAny(criteria: EndpointCriteria): string {
  const asked = Object.entries(criteria).map(([key, value]) => ` for the ${key} ${value}`);
  return `the cluster has no endpoints${asked.join(",")}`;
}

/** Who is called by a cluster that goes to wherever the client meant to go; undefined of one that has endpoints. */
function outsideOf(
  { type, clusterType }: ClusterJson,
  hop: Hop,
): { readonly who: string; readonly reason: string } | undefined {
  const beyond = "outside of what the mesh knows";
  if (type === "ORIGINAL_DST") {
    const who = "the address that was called";
    return { who, reason: `it goes to ${who}, ${beyond}` };
  }
  if (clusterType?.name !== FORWARD_PROXY_CLUSTER) return undefined;
  const who = hostCalled(hop);
  return { who, reason: `the proxy looks ${who} up, ${beyond}` };
}

/** Whom a call names, as its route leaves it, without the port. */
function hostCalled({ call: { request, serverName }, walk: { passed } }: Hop): string {
  const named = passed.route?.route?.hostRewriteLiteral ?? request?.authority ?? serverName;
  return named.replace(/:\d*$/, "");
}

/** A call at one proxy, and what else is changed of it on the way to one of its clusters. */
type Leaving = Hop & Pick<Chosen, "own">;

function arrivalAt(from: Leaving, endpoint: Endpoint, { peerAt, gateways }: Way): Arrival {
  const peer = peerAt(endpoint.address);
  const branches: readonly Branch[] = [];
  if (peer === undefined) {
    const isKnown = endpoint.transport.encryption !== "mesh-tls";
    if (isKnown) return { endpoint, branches, ending: ANSWERS };
    const reason = `no proxy is known at ${endpoint.address} that could show a certificate of the mesh`;
    return { endpoint, branches, ending: notConnected(from.walk.passed.route, reason) };
  }
  const hop = hopAt(peer, inboundCall(from, endpoint, peer));
  const ending = endingOf(from, endpoint, hop);
  if (ending !== undefined) return { endpoint, hop, branches, ending };
  if (!peer.isGateway) return { endpoint, hop, branches, ending: ANSWERS };
  if (gateways > 0) {
    return { endpoint, hop, branches: branchesOf(hop, { peerAt, gateways: gateways - 1 }) };
  }
  return { endpoint, hop, branches, ending: { ...ANSWERS, reason: "gateways send it on and on" } };
}

/** How a call ends at a server; undefined when it gets through. */
function endingOf(
  from: Hop,
  { transport }: Endpoint,
  { peer, walk: walked, verdicts }: Hop,
): Ending | undefined {
  const { route } = from.walk.passed;
  if (walked.error === undefined && !transport.accepts(peer.identity)) {
    const reason = `the caller does not take a server with the identity ${peer.identity}`;
    return notConnected(route, reason);
  }
  return endingAtServer(walked, verdicts, { route, transport });
}

/** What the caller's proxy has left of a request; nothing of one for a tunnel, through which its client says something else. */
function requestLeft({ manager, route }: Walk["passed"], call: Call): HttpRequest | undefined {
  if (endsTunnel(route)) return undefined;
  return (manager === undefined ? call : filtered(manager, call)).request;
}

/** The TLS that a proxy passes on as it is; undefined when it reads what it is sent, or that is none. */
function tlsLeft({ chain, manager, route }: Walk["passed"], call: Call): ClientHello | undefined {
  if (manager !== undefined) return endsTunnel(route) ? call.within : undefined;
  const isEnded = chain !== undefined && certificateOf(chain) !== "none";
  const { encryption, principal, serverName, alpn } = call;
  if (isEnded || encryption === "plaintext") return call.within;
  return { encryption, serverName, alpn, ...(principal === undefined ? {} : { principal }) };
}

/** What a server is told first: of the proxy's own TLS, within which is what the proxy passes on, else of that. */
function saidFirst(
  { peer, call, walk: { passed } }: Hop,
  { encryption, serverName, alpn }: Endpoint["transport"],
): Pick<Call, "within" | keyof ClientHello> {
  const left = tlsLeft(passed, call);
  if (encryption === "plaintext" && left !== undefined) return left;
  return {
    encryption,
    ...(encryption === "mesh-tls" ? { principal: peer.identity } : {}),
    serverName,
    alpn: announcedProtocols(passed) ?? alpn,
    ...(left === undefined ? {} : { within: left }),
  };
}

function inboundCall(from: Leaving, endpoint: Endpoint, peer: Peer): Call {
  const {
    peer: caller,
    call,
    own,
    walk: { passed },
  } = from;
  const { transport, address, port } = endpoint;
  const left = requestLeft(passed, call);
  const request =
    left === undefined || passed.route === undefined
      ? left
      : forwardedRequest(left, passed.route, own);
  return {
    direction: peer.isCaptured ? "inbound" : "direct",
    destination: { address, port },
    source: { address: caller.address, port: 0 },
    ...saidFirst(from, transport),
    ...(request === undefined ? {} : { request }),
    ...(call.judge === undefined ? {} : { judge: call.judge }),
  };
}
