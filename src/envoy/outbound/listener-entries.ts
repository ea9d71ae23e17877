/** The entries of a scope: what the services that it sees ask of its outbound listeners. */
import { isDeepStrictEqual } from "node:util";
import ipaddr from "ipaddr.js";
import { defined } from "../../base/defined.js";
import type { Engine } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import type { HostResolver } from "../../mesh/host-resolver.js";
import type { Mesh, VirtualServices } from "../../mesh/mesh.js";
import type { DestinationRule } from "../../mesh/routing/destination-rule.js";
import {
  NO_RULES,
  type RouteRules,
  routePolicy,
  ruleForWays,
} from "../../mesh/routing/route-rules.js";
import { callPolicy } from "../../mesh/routing/traffic-policy.js";
import { MESH_GATEWAY } from "../../mesh/routing/virtual-service.js";
import { isTls } from "../../mesh/service/protocol.js";
import { isCalledByWorkload, mayBeLookedUp, type Service } from "../../mesh/service/service.js";
import type { EgressListener } from "../../mesh/sidecar/sidecar.js";
import { type HostView, NO_NAMESPACE } from "../../mesh/view/host-view.js";
import { serviceKey } from "../../mesh/workload/service-endpoints.js";
import type { Workload } from "../../mesh/workload/workload.js";
import { type OutboundEntry, outboundEntries } from "../listener/outbound-entry.js";
import type { ClusterKey } from "../names.js";
import { isIn } from "../route/tunnel-route.js";
import type { HostRows } from "./host-rows.js";
import { addressesFor, type CallersDns, type OutboundScope } from "./outbound-scope.js";

const NO_WORKLOADS: readonly Workload[] = [];

/** Everything that the listener entries of a service depend on. */
export interface EntryInputs {
  readonly service: Service;
  /** The VirtualServices with TCP or TLS routes for the service's host. */
  readonly virtualServices: VirtualServices;
  readonly resolver: HostResolver;
  readonly source: Pick<OutboundScope, "namespace" | "labels">;
  readonly captured: boolean;
  readonly allocated: CallersDns["allocated"];
  /** The DestinationRule of the service's host, if it may affect how connections reach it, and the rules of the hosts that VirtualServices lead to. */
  readonly rule: DestinationRule | undefined;
  readonly rules: RouteRules;
  readonly rootNamespace: string;
  /** The workloads of a service that callers know by their addresses; undefined of others. */
  readonly pods: readonly Workload[] | undefined;
  /** The egress listener of a Sidecar to which the entries belong; undefined of callers without a Sidecar. */
  readonly egress: EgressListener | undefined;
}

/** The entries of a service. */
export function buildEntries({
  service,
  virtualServices,
  resolver,
  source,
  captured,
  allocated,
  rule,
  rules,
  rootNamespace,
  pods,
  egress,
}: EntryInputs): Table<OutboundEntry> {
  const client = {
    clientNamespace: source.namespace,
    clientLabels: source.labels,
    rootNamespace,
  };
  const context = {
    gateways: [MESH_GATEWAY],
    resolver,
    namespace: source.namespace,
    ...defined({ egress }),
    byName: !captured,
    source,
    policyOf: (key: ClusterKey) =>
      key.hostname === service.hostname
        ? callPolicy({ rule, service }, key.subset, key.port)
        : routePolicy(rules, client, key),
  };
  const entries = outboundEntries(
    { ...service, addresses: calledAddresses(service, { captured, allocated }) },
    virtualServices,
    context,
    {
      podAddresses: pods
        ?.filter(({ address }) => ipaddr.isValid(address))
        .map(({ address }) => address),
      egress,
    },
  );
  return Table.from(
    entries
      .map((entry) => (captured ? entry : atItsAddresses(entry, service)))
      .map((entry) => [keyOf(service, entry), entry] as const),
  );
}

/**
 * An entry whose connections come to none of the service's addresses, and are for it all the same: chains for some blocks of
 * addresses take all of them, if one of the service's is there, or none.
 */
function atItsAddresses(entry: OutboundEntry, { addresses }: Service): OutboundEntry {
  const single = addresses.filter((address) => ipaddr.isValid(address));
  if (single.length === 0) return entry;
  const chains = entry.chains.flatMap((chain) => {
    if (chain.prefixes.length === 0) return [chain];
    const isMeant = chain.prefixes.some((block) => single.some((one) => isIn(one, block)));
    return isMeant ? [{ ...chain, prefixes: [] }] : [];
  });
  return { ...entry, chains };
}

/**
 * The addresses to which connections say that they are for a service: those that are not captured are all for the proxy's own,
 * and go to a service's endpoints from there, but to no address of a block that is called as the caller says it.
 */
function calledAddresses(
  service: Service,
  { captured, allocated }: Pick<EntryInputs, "captured" | "allocated">,
): readonly string[] {
  const addresses = addressesFor(service, allocated);
  const isBlock = (address: string): boolean => address.includes("/");
  const isByAddress =
    service.resolution === "none" && addresses.every(isBlock) && !mayBeLookedUp(service);
  return captured || isByAddress ? addresses : [];
}

/** Several listeners of a Sidecar may have the same address and port for the same service. */
const keyOf = ({ hostname }: Service, { address, port, own }: OutboundEntry): string =>
  `${hostname} ${address}_${String(port)}${own === true ? " own" : ""}`;

/** Whether entries are equal: after an edit of its endpoints a service is another object, but its listeners need not be made again. */
function sameEntries(a: Table<OutboundEntry>, b: Table<OutboundEntry>): boolean {
  return a.size === b.size && [...a].every(([key, entry]) => isDeepStrictEqual(entry, b.get(key)));
}

/** What the entries of all hosts depend on. */
interface EntryContext {
  readonly scope: OutboundScope;
  readonly resolver: HostResolver;
  readonly routeRules: RouteRules;
  readonly rootNamespace: string;
}

/** Stands for the caller where the entries are the same for every caller. */
const ANYONE: Pick<OutboundScope, "namespace" | "labels"> = { namespace: NO_NAMESPACE, labels: {} };

/** Whether callers of a namespace may call a service with TLS by its name without the namespace, by which others cannot call it. */
const hasShorterName = (
  { hostname, ports }: Service,
  { namespace }: Pick<OutboundScope, "namespace">,
): boolean => hostname.split(".")[1] === namespace && ports.some(({ protocol }) => isTls(protocol));

/** The builder of the entries of a scope, by host. */
export function createEntryRows(
  engine: Engine,
  build: (inputs: EntryInputs) => Table<OutboundEntry>,
): (views: Table<HostView>, mesh: Mesh, scope: OutboundScope) => HostRows<OutboundEntry> {
  const derive = engine.lookUp<
    HostView,
    [Table<readonly Workload[]>],
    [EntryContext],
    Table<OutboundEntry>
  >(
    "listener entries",
    (_host, [view, workloads], { scope, resolver, routeRules, rootNamespace }) => {
      const { service, connections } = view;
      if (service === undefined) return undefined;
      const l4 = connections.length > 0;
      return build({
        service,
        virtualServices: connections,
        resolver,
        source: l4 || hasShorterName(service, scope) ? scope : ANYONE,
        rule: ruleForWays(view.rule, service),
        rules: l4 ? routeRules : NO_RULES,
        rootNamespace: l4 ? rootNamespace : "",
        captured: scope.captured,
        allocated: service.allocated === undefined ? "" : scope.dns.allocated,
        pods:
          isCalledByWorkload(service) && scope.captured
            ? (workloads?.get(serviceKey(service)) ?? NO_WORKLOADS)
            : undefined,
        egress: scope.egress,
      });
    },
    sameEntries,
  );
  const flat = engine.flatten<OutboundEntry>("listener entries by service");
  const settle = engine.settle<EntryContext>(
    (a, b) =>
      a.scope === b.scope &&
      a.resolver === b.resolver &&
      a.routeRules === b.routeRules &&
      a.rootNamespace === b.rootNamespace,
  );
  return (views, { endpoints, resolver, routeRules, config }, scope) => {
    const context = settle({ scope, resolver, routeRules, rootNamespace: config.rootNamespace });
    const byHost = derive([views, endpoints], context);
    return { byHost, all: flat(byHost) };
  };
}

/** The builder of the entries of each listener, by its `address_port`. */
export function createEntryGroups(
  engine: Engine,
): (entries: Table<OutboundEntry>) => Table<Table<OutboundEntry>> {
  return engine.group<OutboundEntry>("listener entries by address", (entry) => [
    `${entry.address}_${String(entry.port)}`,
  ]);
}
