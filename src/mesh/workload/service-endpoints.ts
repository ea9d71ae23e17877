/** Which workloads serve a service. */
import type { Engine } from "../../base/engine/engine.js";
import { sameElements } from "../../base/engine/engine.js";
import { memberOf } from "../../base/member-of.js";
import { Table } from "../../base/table/table.js";
import type { ResourceOf } from "../../config/kinds.js";
import { refOf } from "../../config/resource.js";
import { indexPair, selects } from "../labels.js";
import type { Service, StaticEndpoint } from "../service/service.js";
import { knownNode, type Workload, type WorkloadPorts } from "./workload.js";

/** `namespace/hostname`, the key of a service. */
export function serviceKey(service: {
  readonly namespace: string;
  readonly hostname: string;
}): string {
  return `${service.namespace}/${service.hostname}`;
}

/** Everything that can be the source of endpoints. Services are by `serviceKey`, workloads by any key of their own. */
export interface EndpointSources {
  readonly services: Table<Service>;
  readonly workloads: Table<Workload>;
  readonly endpoints: Table<ResourceOf<"Endpoints">>;
  readonly slices: Table<ResourceOf<"EndpointSlice">>;
}

const SERVICE_NAME_LABEL = "kubernetes.io/service-name";

function compareWorkloads(a: Workload, b: Workload): number {
  const left = `${a.namespace}/${a.name}/${a.address}`;
  const right = `${b.namespace}/${b.name}/${b.address}`;
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** The endpoint that a service's own resource lists, as a workload. */
function listedWorkload(service: Service, endpoint: StaticEndpoint): Workload {
  const mode = endpoint.labels["security.istio.io/tlsMode"];
  const meshTls = mode === undefined ? endpoint.serviceAccount !== "" : mode === "istio";
  return {
    name: "",
    namespace: service.namespace,
    address: endpoint.address,
    labels: endpoint.labels,
    serviceAccount: endpoint.serviceAccount,
    locality: endpoint.locality,
    network: endpoint.network,
    weight: Math.max(1, endpoint.weight ?? 1),
    ports: endpoint.ports,
    ...(endpoint.noOtherPorts === true ? { noOtherPorts: true } : {}),
    namedPorts: {},
    ready: true,
    meshTls: meshTls && !service.external,
    source: service.source,
  };
}

interface SlicePort {
  readonly name?: string;
  readonly port?: number;
}

function sliceWorkload(
  resource: ResourceOf<"Endpoints"> | ResourceOf<"EndpointSlice">,
  endpoint: {
    readonly address: string;
    readonly ready: boolean;
    readonly zone?: string | undefined;
    readonly nodeName?: string | undefined;
  },
  ports: readonly SlicePort[],
): Workload {
  return {
    name: "",
    namespace: resource.metadata.namespace,
    address: endpoint.address,
    labels: {},
    serviceAccount: "",
    locality: endpoint.zone === undefined ? "" : `/${endpoint.zone}`,
    network: "",
    ...knownNode(endpoint.nodeName),
    weight: 1,
    ports: Object.fromEntries(
      ports.flatMap(({ name, port }) => (port === undefined ? [] : [[name ?? "", port]])),
    ),
    namedPorts: {},
    ready: endpoint.ready,
    meshTls: false,
    source: refOf(resource),
  };
}

/** The workloads of an Endpoints resource. */
function endpointsWorkloads(resource: ResourceOf<"Endpoints">): readonly Workload[] {
  return (resource.spec.subsets ?? []).flatMap(({ addresses, notReadyAddresses, ports }) => [
    ...(addresses ?? []).map(({ ip, nodeName }) =>
      sliceWorkload(resource, { address: ip, ready: true, nodeName }, ports ?? []),
    ),
    ...(notReadyAddresses ?? []).map(({ ip, nodeName }) =>
      sliceWorkload(resource, { address: ip, ready: false, nodeName }, ports ?? []),
    ),
  ]);
}

/** The workloads of an EndpointSlice. One that ends is none, also where services take those that are not ready. */
function sliceWorkloads(resource: ResourceOf<"EndpointSlice">): readonly Workload[] {
  const staying = (resource.spec.endpoints ?? []).filter(
    ({ conditions: { ready, terminating } = {} }) => ready !== false || terminating !== true,
  );
  return staying.flatMap(({ addresses, conditions, zone, nodeName }) =>
    addresses.map((address) =>
      sliceWorkload(
        resource,
        { address, ready: conditions?.ready !== false, zone, nodeName },
        resource.spec.ports ?? [],
      ),
    ),
  );
}

/**
 * One entry an address: a Pod that a selector finds and a slice lists is one endpoint, and what the Pod says of it stands.
 * Slices that list one address with different ports say of one endpoint what ports it has.
 */
function withoutDuplicates(workloads: readonly Workload[]): readonly Workload[] {
  const byAddress = new Map<string, Workload>();
  for (const workload of workloads) {
    const known = byAddress.get(workload.address);
    const isMore = known !== undefined && Object.keys(workload.ports).length > 0;
    if (known === undefined) byAddress.set(workload.address, workload);
    else if (isMore && isSliced(known)) {
      byAddress.set(workload.address, { ...known, ports: { ...workload.ports, ...known.ports } });
    }
  }
  return [...byAddress.values()];
}

const isSliced = ({ source }: Workload): boolean =>
  source?.kind === "EndpointSlice" || source?.kind === "Endpoints";

/** Whether a resource about the service lists the workload's address, rather than selecting the workload. */
export function isListed(workload: Workload): boolean {
  return isSliced(workload) || workload.source?.kind === "ServiceEntry";
}

/** The workloads that services select by their labels, sorted: by `serviceKey`. */
function createSelected(
  engine: Engine,
): (services: Table<Service>, workloads: Table<Workload>) => Table<readonly Workload[]> {
  const servicesByPair = engine.group<Service>("services by selector", (service) => {
    const pair = service.selector === undefined ? undefined : indexPair(service.selector);
    return pair === undefined ? [] : [`${service.namespace}|${pair}`];
  });
  const workloadsByPair = engine.group<Workload>("workloads by label", (workload) =>
    Object.entries(workload.labels).map(([key, value]) => `${workload.namespace}|${key}=${value}`),
  );
  const byPair = engine.derive<[Table<Service>, Table<Workload>], [], Table<readonly Workload[]>>(
    "selected workloads",
    (_pair, [services, workloads]) => {
      let selected = Table.empty<readonly Workload[]>();
      services?.forEach((service, key) => {
        const found = [...(workloads ?? Table.empty<Workload>()).values()].filter((workload) =>
          selects(service.selector ?? {}, workload.labels),
        );
        selected = selected.with(key, found.sort(compareWorkloads));
      });
      return selected;
    },
  );
  const flat = engine.flatten<readonly Workload[]>("selected workloads by service");
  return (services, workloads) =>
    flat(byPair([servicesByPair(services), workloadsByPair(workloads)]));
}

/** The workloads that Endpoints and EndpointSlices list for services, as they list them: by `serviceKey`. */
function createListed(
  engine: Engine,
): (
  sources: Pick<EndpointSources, "services" | "endpoints" | "slices">,
) => Table<readonly Workload[]> {
  const servicesByName = engine.group<Service>("services by name", (service) =>
    service.kubernetes ? [`${service.namespace}/${service.name}`] : [],
  );
  const endpointsByService = engine.group<ResourceOf<"Endpoints">>(
    "endpoints by service",
    (one) => [`${one.metadata.namespace}/${one.metadata.name}`],
  );
  const slicesByService = engine.group<ResourceOf<"EndpointSlice">>(
    "slices by service",
    (slice) => [`${slice.metadata.namespace}/${slice.metadata.labels[SERVICE_NAME_LABEL] ?? ""}`],
  );
  const byName = engine.derive<
    [Table<Service>, Table<ResourceOf<"Endpoints">>, Table<ResourceOf<"EndpointSlice">>],
    [],
    Table<readonly Workload[]>
  >("listed workloads", (_name, [services, endpoints, slices]) => {
    if (endpoints === undefined && slices === undefined) return undefined;
    const listed = [
      ...[...(endpoints?.values() ?? [])].flatMap(endpointsWorkloads),
      ...[...(slices?.values() ?? [])].flatMap(sliceWorkloads),
    ];
    return Table.from([...(services?.keys() ?? [])].map((key) => [key, listed] as const));
  });
  const flat = engine.flatten<readonly Workload[]>("listed workloads by service");
  return ({ services, endpoints, slices }) =>
    flat(
      byName([servicesByName(services), endpointsByService(endpoints), slicesByService(slices)]),
    );
}

/**
 * Whether callers of a service have to know of the workloads that are not ready: by how many those near are, calls go farther
 * away. See Istio, SupportsUnhealthyEndpoints.
 */
const tellsOfUnready = ({ distribution, publishNotReady }: Service): boolean =>
  distribution !== "any" && !publishNotReady;

/** The workloads of services, by `serviceKey`, sorted. */
export interface ServiceEndpoints {
  /** Those that are called; a service without any has an empty list. */
  readonly called: Table<readonly Workload[]>;
  /** Those that are not ready, of services whose callers have to know of them. */
  readonly unready: Table<readonly Workload[]>;
}

/** The finder of these. */
export function createServiceEndpoints(
  engine: Engine,
): (sources: EndpointSources) => ServiceEndpoints {
  const selected = createSelected(engine);
  const listed = createListed(engine);
  type Told = [Service, readonly Workload[], readonly Workload[]];
  const called = engine.derive<Told, [], readonly Workload[]>(
    "service endpoints",
    (_key, [service, found = [], named = []]) => {
      if (service === undefined) return undefined;
      const own = service.endpoints.map((endpoint) => listedWorkload(service, endpoint));
      const told = withoutDuplicates([...found, ...named]);
      return [...own, ...(service.publishNotReady ? told : told.filter(({ ready }) => ready))];
    },
    sameElements,
  );
  const unready = engine.derive<Told, [], readonly Workload[]>(
    "service endpoints that are not ready",
    (_key, [service, found = [], named = []]) => {
      if (service === undefined || !tellsOfUnready(service)) return undefined;
      const waiting = withoutDuplicates([...found, ...named]).filter(({ ready }) => !ready);
      return waiting.length === 0 ? undefined : waiting;
    },
    sameElements,
  );
  return (sources) => {
    const { services, workloads } = sources;
    const told = [services, selected(services, workloads), listed(sources)] as const;
    return { called: called(told), unready: unready(told) };
  };
}

/**
 * The port on which a workload listens for a port of a service. A target that is a number is that, unless the workload has one of
 * its own for the service's port of that name. A target that is a name is the workload's port of that name; a list of endpoints
 * has it under the name of the service's port. undefined when a name is not found. See Istio, findServiceTargetPort.
 */
export function targetPortOf(
  workload: WorkloadPorts,
  port: { readonly name: string; readonly number: number; readonly targetPort: number | string },
): number | undefined {
  const named =
    typeof port.targetPort === "string"
      ? memberOf(workload.namedPorts, port.targetPort)
      : undefined;
  const own = named ?? memberOf(workload.ports, port.name);
  if (own !== undefined || workload.noOtherPorts === true) return own;
  return typeof port.targetPort === "number" ? port.targetPort : undefined;
}
