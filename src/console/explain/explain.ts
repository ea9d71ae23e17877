/** Explains a call: walks the configuration of both ends, and names the resources that decide each step. */
import type { ClusterJson } from "../../envoy/api.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import type { Ending } from "../../simulator/ending.js";
import { type Arrival, type Branch, type Journey, travel } from "../../simulator/journey.js";
import { gatewayCall, outboundCall, type Requested } from "./call.js";
import { poolSteps, tlsSteps } from "./cluster-steps.js";
import type { Explanation, Stage, Step } from "./explanation.js";
import { percentOf } from "./explanation-lines.js";
import { endedByExtensions } from "./extension-steps.js";
import { describeHop, peersStep } from "./hop-steps.js";
import { type Elsewhere, endpointsElsewhere } from "./local-endpoints.js";
import { localitySteps } from "./locality-steps.js";
import { clusterDecisions, sourceAt } from "./provenance.js";
import { resultsOf } from "./results.js";
import { nameOf, peerOf, peersByAddress, type Scene } from "./scene.js";
import { step } from "./step.js";

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
  const travelled = travel(peerOf(scene, proxy), call, peersByAddress(scene));
  const journey = endedByExtensions(scene, explained(context, travelled));
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

/** Where a call comes from. */
interface Context {
  readonly scene: Scene;
  /** That of the application which calls, or of the gateway. */
  readonly namespace: string;
  /** The proxy whose clusters are looked at. */
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
      ...(config === undefined ? [] : localitySteps(scene, config, branch)),
      ...tlsSteps(context, branch),
      ...endingSteps(ending).map((one) => ({ ...one, sources: elsewhere })),
    ],
    stages: alike(arrivals.map((arrival) => arrivalStage(context, arrival))),
  };
}

function arrivalStage(context: Context, { endpoint, hop, branches, ending }: Arrival): Stage {
  const { scene } = context;
  const at = `${endpoint.address}:${endpoint.port}`;
  const name = nameOf(scene, endpoint.address);
  const title = name === "" ? at : `${name} (${at})`;
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
