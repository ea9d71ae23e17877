/** Explains a call: walks the configuration of both ends, and names the resources that decide each step. */
import type { ClusterJson } from "../../envoy/api.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import { type Decision, tlsDecisions } from "../../mesh/security/tls-decisions.js";
import type { Ending } from "../../simulator/ending.js";
import {
  type Arrival,
  type Branch,
  type Hop,
  type Journey,
  travel,
} from "../../simulator/journey.js";
import { gatewayCall, outboundCall, type Requested } from "./call.js";
import type { Explanation, Result, Stage, Step } from "./explanation.js";
import { percentOf } from "./explanation-lines.js";
import { describeHop, peersStep, step } from "./hop-steps.js";
import { type Elsewhere, endpointsElsewhere } from "./local-endpoints.js";
import { outliersText } from "./outliers-text.js";
import { placeSteps } from "./place-steps.js";
import { clusterDecisions, policyField, sourceAt } from "./provenance.js";
import { nameOf, peerOf, peersByAddress, type Scene } from "./scene.js";

/** Explains a request of an application beside a sidecar, or of someone outside of the mesh to a gateway. */
export function explain(scene: Scene, proxy: Proxy, requested: Requested): Explanation {
  const isGateway = proxy.type === "router";
  const call = isGateway
    ? gatewayCall(scene, proxy, requested)
    : outboundCall(scene, proxy, requested);
  const { fromIp } = requested;
  const caller = fromIp === undefined ? "" : `from ${fromIp} `;
  const from = isGateway ? `${caller}to the gateway ${proxy.id}` : `from ${proxy.id}`;
  const context = { scene, namespace: proxy.namespace, proxy };
  const journey = explained(context, travel(peerOf(scene, proxy), call, peersByAddress(scene)));
  return {
    call: `${call.request === undefined ? "" : `${requested.method} `}${shownUrl(requested.url)} ${from}`,
    stages: [
      {
        title: `${proxy.id} ${isGateway ? "takes it in" : "sends it"}`,
        steps: [...describeHop(context, journey.hop), ...endingSteps(journey.ending)],
        stages: journey.branches.map((branch) => branchStage(context, branch)),
      },
    ],
    results: resultsOf(scene, journey),
  };
}

/** A JSON Web Token. */
const TOKEN = /eyJ[\w-]+\.[\w-]+\.[\w-]*/g;

/** A URL without the tokens in its query: people show others what they are shown. */
const shownUrl = ({ href }: URL): string => href.replaceAll(TOKEN, "[redacted]");

/** Who looks, and from which namespace. */
interface Context {
  readonly scene: Scene;
  readonly namespace: string;
  /** Whose clusters they are. */
  readonly proxy: Proxy;
}

/** A journey that says why there are no endpoints, where the resources say it that made them. */
function explained(context: Context, journey: Journey): Journey {
  const branches = journey.branches.map((branch): Branch => {
    const elsewhere = elsewhereOf(context, branch);
    if (elsewhere === undefined || branch.ending === undefined) return branch;
    return { ...branch, ending: { ...branch.ending, reason: elsewhere.reason } };
  });
  return { ...journey, branches };
}

/** The endpoints of a cluster that is there and has none for the caller. */
function elsewhereOf({ scene, proxy }: Context, branch: Branch): Elsewhere | undefined {
  const isEmpty = branch.config !== undefined && branch.ending?.isAnswered === false;
  return isEmpty ? endpointsElsewhere(scene, proxy, branch.cluster) : undefined;
}

function branchStage(context: Context, branch: Branch): Stage {
  const { scene, namespace, proxy } = context;
  const { cluster, share, config, arrivals, ending, size = 0 } = branch;
  const resource = scene.resourcesOf(proxy).clusters.get(cluster);
  const { decision } = elsewhereOf(context, branch) ?? {};
  const elsewhere = decision === undefined ? [] : [sourceAt(scene, decision)];
  const clusterSteps = (found: ClusterJson): readonly Step[] => {
    const sources = clusterDecisions(scene, found, { namespace, resource });
    const type = found.type ?? found.clusterType?.name ?? "";
    return [step(scene, "cluster", type, sources), ...poolSteps(scene, found, size)];
  };
  return {
    title: `${percentOf(share)} to cluster ${cluster}`,
    steps: [
      ...(config === undefined ? [] : clusterSteps(config)),
      ...(config === undefined ? [] : placeSteps(scene, config, branch)),
      ...tlsSteps(context, branch),
      ...endingSteps(ending).map((one) => ({ ...one, sources: elsewhere })),
    ],
    stages: alike(arrivals.map((arrival) => arrivalStage(context, arrival))),
  };
}

/** The number by which Envoy is told of no limit. */
const UNLIMITED = 2 ** 32 - 1;

/** What a DestinationRule limits; nothing where there are no limits. */
function poolSteps(scene: Scene, config: ClusterJson, all: number): readonly Step[] {
  const { circuitBreakers, outlierDetection } = config;
  const [thresholds = {}] = circuitBreakers?.thresholds ?? [];
  const { maxConnections, maxPendingRequests, maxRequests, maxRetries } = thresholds;
  const limits = Object.entries({
    maxConnections,
    maxPendingRequests,
    maxRequests,
    maxRetries,
  }).filter(([, value]) => value !== undefined && value !== UNLIMITED);
  const by = (field: "connectionPool" | "outlierDetection"): readonly Decision[] => {
    const decision = policyField(scene, config, field);
    return decision === undefined ? [] : [decision];
  };
  const described = limits.map(([name, value]) => `${name} ${value ?? ""}`).join(", ");
  return [
    ...(limits.length === 0 ? [] : [step(scene, "limits", described, by("connectionPool"))]),
    ...(outlierDetection === undefined
      ? []
      : [step(scene, "outliers", outliersText(outlierDetection, all), by("outlierDetection"))]),
  ];
}

/** What the two sides of a host want of TLS, and what comes of it. */
function tlsSteps(
  { scene, namespace, proxy: { labels } }: Context,
  { cluster, arrivals, outside }: Branch,
): readonly Step[] {
  const [, port, subset, host = ""] = cluster.split("|");
  const { mesh, snapshot } = scene;
  const found = tlsDecisions(mesh, snapshot.tables.DestinationRule, { namespace, labels, host });
  const ofPort = found.filter((one) => String(one.port.number) === port);
  const decision = ofPort.find((one) => one.subset === subset) ?? ofPort[0];
  if (decision === undefined) return [];
  const { client } = decision;
  const ofArrivals = arrivals.map(({ endpoint }) => endpoint.transport.encryption);
  const spoken = new Set(outside === undefined ? ofArrivals : [outside.encryption]);
  const words = [...spoken].map((one) => ENCRYPTIONS[one]).join(" and ");
  return [
    step(scene, "TLS", `${words === "" ? "not spoken" : words}, as the client is ${client.mode}`, [
      ...(client.decidedBy === undefined ? [] : [client.decidedBy]),
    ]),
  ];
}

const ENCRYPTIONS = { plaintext: "plaintext", tls: "TLS", "mesh-tls": "mutual TLS" } as const;

function arrivalStage(context: Context, { endpoint, hop, branches, ending }: Arrival): Stage {
  const { scene } = context;
  const place = `${endpoint.address}:${endpoint.port}`;
  const name = nameOf(scene, endpoint.address);
  const title = name === "" ? place : `${name} (${place})`;
  if (hop === undefined) {
    const steps = [step(scene, "proxy", "none", []), ...endingSteps(ending)];
    return { title, steps, stages: [] };
  }
  const namespace = hop.peer.id.slice(hop.peer.id.lastIndexOf(".") + 1);
  const steps = describeHop({ scene, namespace }, hop);
  const peers = peersStep(scene, hop.peer.id, hop.call.destination.port);
  const gateway = scene.proxies.find(({ id }) => id === hop.peer.id);
  const onward =
    gateway === undefined
      ? []
      : branches.map((branch) => branchStage({ scene, namespace, proxy: gateway }, branch));
  return {
    title,
    steps: [...peers, ...steps, ...endingSteps(ending)],
    stages: onward,
  };
}

function endingSteps(ending: Ending | undefined): readonly Step[] {
  if (ending === undefined) return [];
  return [{ about: "ends", says: describeEnding(ending), sources: [] }];
}

/** An ending in words, with the flags that an access log has of it. */
function describeEnding({ isAnswered, status, flags, reason }: Ending): string {
  if (isAnswered) return reason === "" ? "the application answers" : reason;
  const what = status === undefined ? "the connection is closed" : String(status);
  const shown = flags.length === 0 ? "" : `, response flags ${flags.join(",")}`;
  return `${what}${shown}: ${reason}`;
}

/** Endpoints of which the same is told are told of once. */
function alike(stages: readonly Stage[]): readonly Stage[] {
  const groups = new Map<string, Stage[]>();
  for (const stage of stages) {
    // Their listeners are named after their addresses.
    const { steps, stages: onward } = stage;
    const key = JSON.stringify([
      steps.filter(({ about }) => !/listener|chain/.test(about)),
      onward,
    ]);
    groups.set(key, [...(groups.get(key) ?? []), stage]);
  }
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    return [{ ...first, title: [first, ...others].map(({ title }) => title).join(", ") }];
  });
}

function resultsOf(scene: Scene, { hop, ending, branches }: Journey): readonly Result[] {
  const results =
    ending === undefined
      ? branches.map((branch) => endsOf(scene, branch, { share: 1, hops: [hop] }))
      : [[resultOf(1, ending, "")]];
  return results.flatMap(joined).sort((a, b) => b.share - a.share);
}

/** The way of a part of the requests, up to where it branches. */
interface Before {
  readonly share: number;
  readonly hops: readonly Hop[];
}

function endsOf(scene: Scene, branch: Branch, { share, hops }: Before): readonly Result[] {
  const all = share * branch.share;
  if (branch.ending !== undefined) {
    return [conditional(resultOf(all, branch.ending, branch.outside?.who ?? ""), hops)];
  }
  return branch.arrivals.flatMap(({ endpoint, hop, ending, branches }) => {
    const { address, port } = endpoint;
    const way = { share: all * endpoint.share, hops: [...hops, ...(hop ? [hop] : [])] };
    if (ending === undefined) return branches.flatMap((onward) => endsOf(scene, onward, way));
    const name = nameOf(scene, address);
    const server = name === "" ? `${address}:${port}` : name;
    return [conditional(resultOf(way.share, ending, server), way.hops)];
  });
}

/** A result for which what the proxies on the way cannot say by themselves has to hold. */
function conditional(result: Result, hops: readonly Hop[]): Result {
  const conditions = hops.flatMap(({ verdicts }) => verdicts.flatMap((one) => one.condition ?? []));
  return conditions.length === 0 ? result : { ...result, condition: conditions.join(", and ") };
}

function resultOf(
  share: number,
  { isAnswered, status, flags, reason }: Ending,
  server: string,
): Result {
  return {
    share,
    answeredBy: isAnswered ? [server] : [],
    ...(status === undefined ? {} : { status }),
    flags: flags.length === 0 ? "-" : flags.join(","),
    reason,
  };
}

/** Results of one branch that are the same but for who answers are one, where those answer as many calls each. */
function joined(results: readonly Result[]): readonly Result[] {
  const byEnd = new Map<string, Result>();
  for (const result of results) {
    const { answeredBy, share } = result;
    const each = answeredBy.length === 0 ? 0 : Number(share.toFixed(6));
    const key = JSON.stringify({ ...result, share: each, answeredBy: answeredBy.length });
    const before = byEnd.get(key);
    byEnd.set(key, {
      ...result,
      share: (before?.share ?? 0) + result.share,
      answeredBy: [...new Set([...(before?.answeredBy ?? []), ...result.answeredBy])],
    });
  }
  return [...byEnd.values()];
}
