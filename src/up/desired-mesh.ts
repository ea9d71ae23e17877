/** What `up` has to run for the files: pods, their proxies, the servers that stand in for hosts outside, certificates. */
import { formatRef, keyOf } from "../config/resource.js";
import type { ResourceTables } from "../config/snapshot.js";
import { withMadeRouting } from "../mesh/made-routing.js";
import { type ClientCredential, missingClientCredentials } from "./made/client-credentials.js";
import { type GatewayCredential, missingCredentials } from "./made/gateway-credentials.js";
import { type MadeGateway, missingGateways } from "./made/missing-gateways.js";
import { type ExternalHost, externalHosts } from "./outside/stand-ins.js";
import { type LocalPod, podsOf } from "./pods/pods.js";
import { declaredWorkloads, undeclaredNamespaces } from "./pods/workloads.js";

/** All that is to be on this machine for the files to be a working mesh. */
export interface DesiredMesh {
  readonly pods: readonly LocalPod[];
  /** Gateways that no file declares; their pods are among the others. */
  readonly madeGateways: readonly MadeGateway[];
  /** Certificates that gateways need and no file gives them. */
  readonly credentials: readonly GatewayCredential[];
  /** Those that no file gives by which hosts outside the mesh are called; none of these are among the others. */
  readonly clientCredentials: readonly ClientCredential[];
  /** Hosts outside the mesh. */
  readonly externalHosts: readonly ExternalHost[];
  /** Namespaces whose workloads get sidecars because no file says otherwise. */
  readonly undeclaredNamespaces: readonly string[];
}

/**
 * What the files ask for. `disputed` has the resources (`Kind name.namespace`) that a file of the user's declares without
 * being in force: what was made in their place gives way to them.
 */
export function desiredMesh(
  files: ResourceTables,
  disputed: ReadonlySet<string> = new Set(),
): DesiredMesh {
  const tables = withMadeRouting(files);
  const declared = declaredWorkloads(tables);
  const madeGateways = missingGateways(tables, declared);
  const workloads = [...declared, ...madeGateways.map(({ workload }) => workload)];
  const hosts = externalHosts(tables);
  const isUndisputed = (credential: Pick<ClientCredential, "namespace" | "name">): boolean =>
    !disputed.has(formatRef({ kind: "Secret", ...credential }));
  const credentials = missingCredentials(
    tables,
    workloads.filter(({ proxy }) => proxy === "router"),
  ).filter(isUndisputed);
  const keys = new Set(credentials.map(keyOf));
  return {
    pods: podsOf(tables, workloads),
    madeGateways,
    credentials,
    clientCredentials: missingClientCredentials(tables, workloads, hosts)
      .filter(isUndisputed)
      .filter((credential) => !keys.has(keyOf(credential))),
    externalHosts: hosts,
    undeclaredNamespaces: undeclaredNamespaces(
      tables,
      declared.filter(({ proxy }) => proxy === "sidecar"),
    ),
  };
}
