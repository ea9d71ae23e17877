/** What is told of a cluster that a call comes to: what limits it, and how TLS is spoken with its hosts. */
import type { ClusterJson } from "../../envoy/api.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import { type Decision, tlsDecisions } from "../../mesh/security/tls-decisions.js";
import type { Branch } from "../../simulator/journey.js";
import type { Step } from "./explanation.js";
import { outliersText } from "./outliers-text.js";
import { policyField } from "./provenance.js";
import type { Scene } from "./scene.js";
import { step } from "./step.js";

/** The number by which Envoy is told of no limit. */
const UNLIMITED = 2 ** 32 - 1;

/** What a DestinationRule limits of a cluster with so many hosts; nothing where there are no limits. */
export function poolSteps(scene: Scene, config: ClusterJson, hosts: number): readonly Step[] {
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
      : [step(scene, "outliers", outliersText(outlierDetection, hosts), by("outlierDetection"))]),
  ];
}

/** Whose calls come to the cluster. */
interface Caller {
  readonly scene: Scene;
  readonly namespace: string;
  readonly proxy: Pick<Proxy, "labels">;
}

/** What the two sides of a host want of TLS, and what comes of it. */
export function tlsSteps(
  { scene, namespace, proxy: { labels } }: Caller,
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
