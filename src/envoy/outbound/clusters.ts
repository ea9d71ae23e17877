/** The clusters of services, and their endpoints, as the callers of a scope see them. */
import type { Engine } from "../../base/engine/engine.js";
import type { Lazy } from "../../base/lazy.js";
import type { Table } from "../../base/table/table.js";
import { type Labels, selects } from "../../mesh/labels.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { DestinationRule } from "../../mesh/routing/destination-rule.js";
import {
  type ClientLocality,
  callableWorkloads,
  type LocalityCaller,
  type LocalityPolicy,
} from "../../mesh/routing/locality-balancing.js";
import { effectivePolicy } from "../../mesh/routing/traffic-policy.js";
import type { PlaintextWorkloads } from "../../mesh/security/plaintext.js";
import type { Service, ServicePort } from "../../mesh/service/service.js";
import { makesMetrics } from "../../mesh/telemetry/metrics.js";
import type { HostView } from "../../mesh/view/host-view.js";
import { serviceKey } from "../../mesh/workload/service-endpoints.js";
import { hasAddress, type Workload } from "../../mesh/workload/workload.js";
import type { ClusterJson } from "../api.js";
import { reachedBy } from "../cluster/across-networks.js";
import { takesAddresses } from "../cluster/discovery.js";
import {
  type ClusterEndpoint,
  clusterEndpoints,
  loadAssignment,
  meshTlsBut,
  preferenceOf,
  unreadyEndpoints,
} from "../cluster/load-assignment.js";
import { outboundClusters } from "../cluster/outbound-cluster.js";
import type { ClientTraits } from "../cluster/outbound-cluster-input.js";
import { endpointFields } from "../cluster/peers.js";
import { hasCalledPods } from "../filter/called-pod.js";
import { createPassing, isPassed } from "../gateway/auto-passthrough.js";
import { type ClusterKey, outboundClusterName, sniOf } from "../names.js";
import { type Built, madeOr } from "../resource/built.js";
import { encodeResource } from "../resource/encode-resource.js";
import type { Encoder } from "../resource/encoder.js";
import { MESSAGE } from "../resource/message-types.js";
import {
  type EnvoyResource,
  type Refusal,
  type ResourceSet,
  resourceSet,
  sameResources,
} from "../resource/resource-set.js";
import type { HostRows } from "./host-rows.js";

const NO_WORKLOADS: readonly Workload[] = [];
const NO_ACCOUNTS: readonly string[] = [];

/** Everything that the clusters of a service depend on. */
export interface ClusterInputs {
  readonly service: Service;
  readonly rule: DestinationRule | undefined;
  readonly accounts: readonly string[];
  readonly workloads: readonly Workload[];
  readonly allMeshTls: boolean;
  /** All workloads of its namespace are called in plaintext. */
  readonly plaintext: boolean;
  /** Of the workloads those that are called in plaintext. */
  readonly plaintextWorkloads: PlaintextWorkloads | undefined;
  readonly client: ClientTraits;
  /** The callers for which the endpoints are ordered; undefined for callers of no locality in particular. */
  readonly caller: LocalityCaller | undefined;
}

interface EndpointInputs extends Pick<ClusterInputs, "service" | "rule" | "workloads" | "caller"> {
  /** Those that are not ready, where callers have to know of them. */
  readonly unready: readonly Workload[];
  /** Those of its workloads that are called in plaintext. */
  readonly plaintext: PlaintextWorkloads | undefined;
  /** A gateway with a server of mode AUTO_PASSTHROUGH may pass mutual TLS on to the service. */
  readonly passed: boolean;
  /** Metrics are made of calls, so each endpoint has its workload in its metadata. */
  readonly isCounted: boolean;
  /** Callers may call single pods by name, so each endpoint has its pod's name in its metadata. */
  readonly isNamed: boolean;
}

/** Builds services' clusters and endpoints. Equal inputs give the same objects, whatever the scope. */
export interface ClusterBuilders {
  readonly clusters: (inputs: ClusterInputs) => ResourceSet;
  readonly endpoints: (inputs: EndpointInputs) => ResourceSet;
  /** The callers of a locality: one object, so that the scopes that have some share what is made for them. */
  readonly callerOf: (at: ClientLocality, policy: LocalityPolicy) => LocalityCaller;
  /** Whether any proxy may make metrics. */
  readonly counts: typeof makesMetrics;
}

/** Whether the control plane sends the endpoints of a service (EDS). Those of others Envoy resolves by DNS, or has none. */
function usesEds(service: Service): boolean {
  return service.resolution === "static" || service.resolution === "none";
}

/** What stands for all that a service makes of a type, where that ends in an exception, a fault of ours: each is withheld. */
const faultsFor = (
  { service: { source } }: Pick<ClusterInputs, "service">,
  names: readonly string[],
  fault: unknown,
): readonly Built<Record<string, never>>[] =>
  names.map((name) => ({ name, json: {}, sources: [source], fault }));

const clusterNames = (inputs: Pick<ClusterInputs, "service" | "rule">): readonly string[] =>
  assignmentKeys(inputs).map(({ key }) => outboundClusterName(key));

function buildClusters(encoder: Encoder, inputs: ClusterInputs): ResourceSet {
  return resourceSet(
    madeOr<readonly Built<ClusterJson>[], readonly Built<ClusterJson>[]>(
      () => outboundClusters(inputs),
      (fault) => faultsFor(inputs, clusterNames(inputs), fault),
    ).map((cluster) => ({
      ...encodeResource(encoder, MESSAGE.cluster, cluster),
      ...endpointFields(cluster.json),
    })),
  );
}

/** Why an endpoint is left out whose address is a name that nobody would look up: Envoy would refuse all endpoints of the cluster with it. */
function unresolved({ hostname }: Service, { address, source }: Workload): Refusal {
  const problem = "is a name: endpoints that are not looked up by DNS need an IP address";
  return {
    reason: `an endpoint of ${hostname}: ${JSON.stringify(address)} ${problem}`,
    violations: [{ path: "", problem, found: address }],
    sources: source === undefined ? [] : [source],
  };
}

/** The endpoints of one cluster. */
interface AssignmentKey {
  readonly key: ClusterKey;
  readonly port: ServicePort;
  readonly labels: Labels;
}

function assignmentKeys({
  service,
  rule,
}: Pick<EndpointInputs, "service" | "rule">): readonly AssignmentKey[] {
  const { hostname } = service;
  const subsets = [{ name: "", labels: {} }, ...(rule?.spec.subsets ?? [])];
  return service.ports
    .filter(({ protocol }) => protocol !== "UDP")
    .flatMap((port) =>
      subsets.map(({ name: subset, labels = {} }) => ({
        key: { port: port.number, subset, hostname },
        port,
        labels,
      })),
    );
}

/** The assignments of a service, by what callers and gateways that pass calls on to it name them. */
const assignmentNames = (inputs: EndpointInputs): readonly string[] => {
  const passed = inputs.passed ? assignmentKeys(inputs).map(({ key }) => sniOf(key)) : [];
  return [...clusterNames(inputs), ...passed];
};

const buildEndpoints = (encoder: Encoder, inputs: EndpointInputs): ResourceSet =>
  resourceSet(
    madeOr(
      () => endpointsOf(encoder, inputs),
      (fault) =>
        faultsFor(inputs, assignmentNames(inputs), fault).map((one) =>
          encodeResource(encoder, MESSAGE.endpoint, one),
        ),
    ),
  );

function endpointsOf(encoder: Encoder, inputs: EndpointInputs): readonly EnvoyResource[] {
  const { service, rule, workloads, plaintext, caller, passed, isCounted, isNamed } = inputs;
  const takesMeshTls = meshTlsBut(plaintext);
  const callable = (all: readonly Workload[]): readonly Workload[] =>
    callableWorkloads(service, all, caller).filter(hasAddress);
  const found = callable(workloads);
  const waiting = callable(inputs.unready);
  const leftOut = workloads
    .filter((one) => !hasAddress(one))
    .map((one) => unresolved(service, one));
  return assignmentKeys(inputs).flatMap(({ key, port, labels }): readonly EnvoyResource[] => {
    const selected = found.filter((one) => selects(labels, one.labels));
    const policy = effectivePolicy(rule?.spec, key.subset, key.port);
    const unready = waiting.filter((one) => selects(labels, one.labels));
    const all = [
      ...clusterEndpoints(selected, port, takesMeshTls),
      ...unreadyEndpoints(unready, port, takesMeshTls),
    ];
    const endpoints = reachedBy(caller, all, { service, policy });
    const preference = preferenceOf(policy, service, caller);
    const sources = [...selected, ...unready].flatMap(({ source }) => source ?? []);
    const encode = (name: string, members: readonly ClusterEndpoint[]): EnvoyResource => {
      const json = loadAssignment(name, members, { preference, isCounted, isNamed });
      const encoded = encodeResource(encoder, MESSAGE.endpoint, { name, json, sources });
      return leftOut.length === 0 ? encoded : { ...encoded, leftOut };
    };
    const called = encode(outboundClusterName(key), endpoints);
    if (!passed) return [called];
    // Others would take what comes for TLS of their own, from whomever it is.
    return [
      called,
      encode(
        sniOf(key),
        endpoints.filter(({ meshTls, isUnready }) => meshTls && isUnready !== true),
      ),
    ];
  });
}

/** The builders that all scopes share. */
export function createClusterBuilders(engine: Engine, encoder: Encoder): ClusterBuilders {
  return {
    clusters: engine.memoFields<ClusterInputs, ResourceSet>(
      "clusters of a service",
      {
        service: true,
        rule: true,
        accounts: true,
        workloads: true,
        allMeshTls: true,
        plaintext: true,
        plaintextWorkloads: true,
        client: true,
        caller: true,
      },
      (inputs) => buildClusters(encoder, inputs),
    ),
    endpoints: engine.memoFields<EndpointInputs, ResourceSet>(
      "endpoints of a service",
      {
        service: true,
        rule: true,
        workloads: true,
        unready: true,
        plaintext: true,
        caller: true,
        passed: true,
        isCounted: true,
        isNamed: true,
      },
      (inputs) => buildEndpoints(encoder, inputs),
    ),
    callerOf: engine.memo("callers of a locality", (at, policy) => ({ at, policy })),
    counts: engine.latest("whether metrics are made", makesMetrics),
  };
}

const takesMeshTls = ({ meshTls }: Workload): boolean => meshTls;

/** The clusters and endpoints that hosts make. */
export interface ClusterRows {
  readonly clusters: HostRows<EnvoyResource>;
  readonly endpoints: Lazy<HostRows<EnvoyResource>>;
}

/** The callers for which clusters and endpoints are made. */
export interface ClusterCaller {
  readonly client: ClientTraits;
  readonly caller: LocalityCaller | undefined;
}

/** The clusters of some hosts. */
export function createClusterRows(
  engine: Engine,
  shared: ClusterBuilders,
): (views: Table<HostView>, mesh: Mesh, caller: ClusterCaller) => HostRows<EnvoyResource> {
  const derive = engine.lookUp<
    HostView,
    [Table<readonly string[]>, Table<readonly Workload[]>, ReadonlySet<string>, PlaintextWorkloads],
    [ClusterCaller],
    ResourceSet
  >(
    "clusters",
    (_host, [view, accounts, workloads, plaintext, inPlaintext], { client, caller }) => {
      const { service, rule } = view;
      // What is called by another name has its clusters by its own.
      if (service === undefined || service.aliasOf !== undefined) return undefined;
      const key = serviceKey(service);
      const all = workloads?.get(key) ?? NO_WORKLOADS;
      return shared.clusters({
        service,
        rule,
        accounts: accounts?.get(key) ?? NO_ACCOUNTS,
        workloads: usesEds(service) ? NO_WORKLOADS : all,
        allMeshTls: takesAddresses(service, rule) && all.length > 0 && all.every(takesMeshTls),
        plaintext: plaintext?.has(key) === true,
        plaintextWorkloads: usesEds(service) ? undefined : inPlaintext,
        client,
        caller,
      });
    },
    sameResources,
  );
  const flat = engine.flatten<EnvoyResource>("clusters by name");
  const settle = engine.settle<ClusterCaller>(
    (a, b) => a.client === b.client && a.caller === b.caller,
  );
  return (views, mesh, caller) => {
    const { accounts, endpoints, plaintextServices, plaintextWorkloads } = mesh;
    const tables = [views, accounts, endpoints, plaintextServices, plaintextWorkloads] as const;
    const byHost = derive(tables, settle(caller));
    return { byHost, all: flat(byHost) };
  };
}

/** The callers for which endpoints are made. */
interface EndpointCaller
  extends Pick<ClusterCaller, "caller">,
    Pick<ClientTraits, "captured" | "router"> {
  /** Some gateway has a server of mode AUTO_PASSTHROUGH. */
  readonly passes: boolean;
  readonly isCounted: boolean;
}

/** The endpoints of some hosts. */
export function createEndpointRows(
  engine: Engine,
  shared: ClusterBuilders,
): (views: Table<HostView>, mesh: Mesh, caller: ClusterCaller) => HostRows<EnvoyResource> {
  const derive = engine.lookUp<
    HostView,
    [Table<readonly Workload[]>, Table<readonly Workload[]>, PlaintextWorkloads],
    [EndpointCaller],
    ResourceSet
  >(
    "endpoints",
    (_host, [view, workloads, unready, plaintext], context) => {
      const { service, rule } = view;
      if (service === undefined || !usesEds(service)) return undefined;
      return shared.endpoints({
        service,
        rule,
        workloads: workloads?.get(serviceKey(service)) ?? NO_WORKLOADS,
        unready: unready?.get(serviceKey(service)) ?? NO_WORKLOADS,
        plaintext,
        caller: context.caller,
        passed: context.passes && isPassed(service),
        isCounted: context.isCounted,
        isNamed: hasCalledPods(service, context),
      });
    },
    sameResources,
  );
  const flat = engine.flatten<EnvoyResource>("endpoints by name");
  const passing = createPassing(engine);
  const settle = engine.settle<EndpointCaller>(
    (a, b) =>
      a.captured === b.captured &&
      a.router === b.router &&
      a.caller === b.caller &&
      a.passes === b.passes &&
      a.isCounted === b.isCounted,
  );
  return (views, mesh, { client, caller }) => {
    const { captured, router } = client;
    const context = settle({
      caller,
      captured,
      router,
      passes: router && passing(mesh.gateways),
      isCounted: shared.counts(mesh.telemetries, mesh.config),
    });
    const { endpoints, unreadyEndpoints, plaintextWorkloads } = mesh;
    const byHost = derive([views, endpoints, unreadyEndpoints, plaintextWorkloads], context);
    return { byHost, all: flat(byHost) };
  };
}
