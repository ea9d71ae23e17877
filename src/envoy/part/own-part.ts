/** What a sidecar has for its own workload, with the policies and patches that apply to that. */
import type { FieldNames } from "../../base/call.js";
import type { Engine } from "../../base/engine.js";
import { Table } from "../../base/table.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { Proxy } from "../../mesh/proxy.js";
import { samePorts, type Workload, type WorkloadPorts } from "../../mesh/workload.js";
import { clusterNames } from "../cluster-names.js";
import type { ResourceSet } from "../resource-set.js";
import {
  type createInboundPart,
  type InboundPart,
  inboundInputs,
  type OwnContext,
  type OwnMesh,
  ownContext,
  workloadOf,
} from "./inbound-part.js";
import type { Logs } from "./logs.js";
import { createLogFinder } from "./proxy-logs.js";
import type { Patches } from "./scopes.js";
import type { createSecurity } from "./security.js";

/** See the top of this file. */
export interface OwnPart extends InboundPart {
  /** The clusters without which its policies, and what it tells of requests, would not work. */
  readonly needed: readonly string[];
}

/** What the makers of all sidecars' own parts share. */
export interface OwnPartMakings {
  readonly engine: Engine;
  readonly logs: Logs;
  readonly patches: Patches;
  readonly security: ReturnType<typeof createSecurity>;
  readonly inbound: ReturnType<typeof createInboundPart>;
  readonly contextOf: (mesh: Mesh) => OwnContext;
}

const CONTEXT: FieldNames<OwnContext> = {
  config: true,
  peerAuthentications: true,
  peerTrustDomains: true,
  security: true,
  telemetries: true,
  sidecars: true,
  envoyFilters: true,
};

/** Finds what of a mesh may concern any sidecar's own workload: the same object until it changes. */
export function createOwnContext(engine: Engine): (mesh: Mesh) => OwnContext {
  const settled = engine.latestFields("own context", CONTEXT, ownContext);
  return engine.latestOf("own context of a mesh", (mesh: Mesh) => settled(mesh));
}

const NO_CLUSTERS: ResourceSet = Table.empty();

/** Policies may ask services about requests, and tracers be told of them. */
const callsServices = ({ security }: OwnContext): boolean =>
  security.authorization.size > 0 ||
  security.requestAuthentication.size > 0 ||
  security.providerHosts.size > 0;

interface OwnInputs extends Pick<OwnMesh, "services" | "listing" | "workload" | "rules"> {
  readonly context: OwnContext;
  /** The clusters that it can call. Empty where its own part calls none. */
  readonly reachable: ResourceSet;
}

const INPUTS: FieldNames<OwnInputs> = {
  context: true,
  services: true,
  listing: true,
  workload: true,
  rules: true,
  reachable: true,
};

/** The maker of one sidecar's own part, from the mesh and the clusters that it can call. */
export function createOwnPart(
  { engine, logs, patches, security, inbound, contextOf }: OwnPartMakings,
  proxy: Proxy,
): (mesh: Mesh, reachable: ResourceSet) => OwnPart {
  const { patching } = patches;
  const logsOf = createLogFinder({ engine, logs }, proxy, "SERVER");
  const patch = { clusters: patching.clusters(), listeners: patching.listeners() };
  const build = engine.latestFields(
    "own part of a proxy",
    INPUTS,
    ({ context, services, listing, workload, rules, reachable }: OwnInputs): OwnPart => {
      const mesh: OwnMesh = { ...context, services, listing, workload, rules };
      const filters = security(mesh, proxy, reachable);
      const own = { logs: logsOf(mesh, reachable), security: filters };
      const part = inbound(inboundInputs(mesh, proxy, own));
      const side = patching.of(patches.for(mesh, proxy), "SIDECAR_INBOUND");
      return {
        clusters: patch.clusters(part.clusters, side),
        listeners: patch.listeners(part.listeners, side),
        needed: [...filters.services, ...clusterNames(own.logs.tracing ?? {})],
      };
    },
  );
  const place = `${proxy.namespace}|${proxy.address}`;
  // An edit changes few of these tables, and a proxy's row is looked for in those alone.
  const rowIn = <V>(key: string): ((table: Table<V>) => V | undefined) =>
    engine.latestOf("row of a proxy", (table: Table<V>) => table.get(key));
  const services = rowIn<OwnMesh["services"] & object>(proxy.namespace);
  const listing = rowIn<OwnMesh["listing"] & object>(place);
  const workloads = rowIn<Table<Workload>>(place);
  // What else is said of a workload changes nothing for its own sidecar.
  const settledPorts = engine.settle<WorkloadPorts>(samePorts);
  const workload = engine.latestOf(
    "ports of a proxy's workload",
    (all: Table<Workload> | undefined): WorkloadPorts => {
      const { ports, noOtherPorts, namedPorts } = workloadOf(proxy, all);
      const others = noOtherPorts === undefined ? {} : { noOtherPorts };
      return settledPorts({ ports, namedPorts, ...others });
    },
  );
  const rules = rowIn<OwnMesh["rules"] & object>(proxy.namespace);
  return (mesh, reachable) => {
    const context = contextOf(mesh);
    return build({
      context,
      services: services(mesh.servicesByNamespace),
      listing: listing(mesh.servicesByAddress),
      workload: workload(workloads(mesh.workloadsByAddress)),
      rules: rules(mesh.ownRules),
      reachable: callsServices(context) ? reachable : NO_CLUSTERS,
    });
  };
}
