/** The part of a sidecar's configuration for its own workload, with the policies and patches for that workload. */
import type { FieldNames } from "../../base/engine/call.js";
import { type Engine, sameElements } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import {
  type AppliedAuthentication,
  appliedAuthentication,
  isSameAuthentication,
  type PeerAuthentications,
} from "../../mesh/security/peer-authentication.js";
import type { Service } from "../../mesh/service/service.js";
import { addressKey } from "../../mesh/workload/address-key.js";
import { type MaybeServed, servedServices } from "../../mesh/workload/served-services.js";
import { samePorts, type Workload, type WorkloadPorts } from "../../mesh/workload/workload.js";
import type { createSecurity } from "../filter/applied-security.js";
import type { Patches } from "../patch/patches.js";
import type { ProxyContext } from "../proxy/proxy-context.js";
import type { ResourceSet } from "../resource/resource-set.js";
import { createLogFinder, type Logs } from "../telemetry/proxy-logs.js";
import {
  type createInboundPart,
  type InboundPart,
  inboundInputs,
  type WorkloadFacts,
  type WorkloadMesh,
  workloadOf,
} from "./inbound-part.js";
import type { WorkloadContext } from "./workload-context.js";

/** See the top of this file. */
export interface WorkloadPart extends InboundPart {
  /** The clusters that its policies, logs and traces need. */
  readonly needed: readonly string[];
}

/** What the workload parts of all sidecars depend on. */
export interface WorkloadPartDependencies {
  readonly engine: Engine;
  readonly logs: Logs;
  readonly patches: Patches;
  readonly security: ReturnType<typeof createSecurity>;
  readonly inbound: ReturnType<typeof createInboundPart>;
}

const NO_CLUSTERS: ResourceSet = Table.empty();

/** Whether the sidecar itself may call services: external authorizers, token issuers, tracers, log services. */
const callsServices = ({ security }: WorkloadContext): boolean =>
  security.authorization.size > 0 ||
  security.requestAuthentication.size > 0 ||
  security.providerHosts.size > 0;

/** What one sidecar's workload part is made of. */
interface WorkloadInputs extends WorkloadFacts {
  readonly context: WorkloadContext;
}

const INPUTS: FieldNames<WorkloadInputs> = {
  context: true,
  served: true,
  workload: true,
  rules: true,
  authentication: true,
};

/** Makes one sidecar's workload part. */
export interface WorkloadPartBuilder {
  /** What it is made of, where the proxy is: the same object until something in it changes. */
  readonly inputsIn: (position: Pick<ProxyContext, "mesh" | "workloads">) => WorkloadInputs;
  /** The part, of a sidecar that can call these clusters. */
  readonly build: (inputs: WorkloadInputs, reachable: ResourceSet) => WorkloadPart;
}

/** The builder of one sidecar's workload part. */
export function createWorkloadPart(
  dependencies: WorkloadPartDependencies,
  proxy: Proxy,
): WorkloadPartBuilder {
  return {
    inputsIn: inputsFinder(dependencies.engine, proxy),
    build: partBuilder(dependencies, proxy),
  };
}

function inputsFinder(engine: Engine, proxy: Proxy): WorkloadPartBuilder["inputsIn"] {
  // An edit changes few of these tables, and a proxy's row is looked for in those alone.
  const rowIn = <V>(key: string): ((table: Table<V>) => V | undefined) =>
    engine.latestOf("row of a proxy", (table: Table<V>) => table.get(key));
  const services = rowIn<Table<Service>>(proxy.namespace);
  const listing = rowIn<Table<Service>>(addressKey(proxy));
  // Other services of its namespace come and go, and do not concern it.
  const settledServed = engine.settle<readonly Service[]>(sameElements);
  const served = engine.latestFields<MaybeServed, readonly Service[]>(
    "services of a proxy's workload",
    { proxy: true, services: true, listing: true },
    (some) => settledServed(servedServices(some)),
  );
  const rules = rowIn<WorkloadMesh["rules"] & object>(proxy.namespace);
  // Other fields of a workload change nothing for its own sidecar.
  const settledPorts = engine.settle<WorkloadPorts>(samePorts);
  const workload = engine.latestOf(
    "ports of a proxy's workload",
    (all: Table<Workload> | undefined): WorkloadPorts => {
      const { ports, noOtherPorts, namedPorts } = workloadOf(proxy, all);
      const others = noOtherPorts === undefined ? {} : { noOtherPorts };
      return settledPorts({ ports, namedPorts, ...others });
    },
  );
  const settledAuthentication = engine.settle(isSameAuthentication);
  const authentication = engine.latestOf(
    "peer authentications of a proxy",
    (all: PeerAuthentications): AppliedAuthentication =>
      settledAuthentication(appliedAuthentication(all, proxy)),
  );
  const settled = engine.latestFields<WorkloadInputs, WorkloadInputs>(
    "workload inputs",
    INPUTS,
    (all) => all,
  );
  return ({ mesh, workloads }) =>
    settled({
      context: mesh.workload,
      served: served({
        proxy,
        services: services(mesh.servicesByNamespace),
        listing: listing(mesh.servicesByAddress),
      }),
      workload: workload(workloads),
      rules: rules(mesh.ownRules),
      authentication: authentication(mesh.peerAuthentications),
    });
}

function partBuilder(
  { engine, logs, patches, security, inbound }: WorkloadPartDependencies,
  proxy: Proxy,
): WorkloadPartBuilder["build"] {
  const { patching } = patches;
  const logsOf = createLogFinder({ engine, logs }, proxy, "SERVER");
  const patch = { clusters: patching.clusters(), listeners: patching.listeners() };
  const listenersOf = engine.latest(
    "inbound listeners of a proxy",
    (made: InboundPart["listeners"], side: ReturnType<typeof patching.of>) =>
      engine.lazy(() => patch.listeners(made.get(), side)),
  );
  const build = engine.latest(
    "workload part of a proxy",
    ({ context, ...rows }: WorkloadInputs, reachable: ResourceSet): WorkloadPart => {
      const mesh: WorkloadMesh = { ...context, ...rows };
      const filters = security(mesh, proxy, reachable);
      const own = { logs: logsOf(mesh, reachable), security: filters };
      const part = inbound(inboundInputs(mesh, proxy, own));
      const side = patching.of(patches.for(mesh, proxy), "SIDECAR_INBOUND");
      return {
        clusters: patch.clusters(part.clusters, side),
        listeners: listenersOf(part.listeners, side),
        secrets: part.secrets,
        needed: [...filters.services, ...own.logs.clusters],
      };
    },
  );
  return (inputs, reachable) =>
    build(inputs, callsServices(inputs.context) ? reachable : NO_CLUSTERS);
}
