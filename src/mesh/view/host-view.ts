/**
 * How one host looks to some callers: which of the services that bear its name they call, and which DestinationRule and which
 * VirtualServices apply to what they send there.
 */

import { sameElements } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import { findMostSpecific, isSubsetOf } from "../hostname.js";
import type { Labels } from "../labels.js";
import type { VirtualServices } from "../mesh.js";
import { type DestinationRule, findRule } from "../routing/destination-rule.js";
import { type ServedWildcards, sameServed } from "../routing/served-wildcards.js";
import {
  compareVirtualServices,
  routesConnections,
  seenFrom,
  type VirtualService,
} from "../routing/virtual-service.js";
import { forTarget } from "../service/alias.js";
import { chooseService } from "../service/choose-service.js";
import type { Service } from "../service/service.js";
import { importsService, importsVirtualService } from "../sidecar/egress-host.js";
import { type EgressListener, leadsAnywhere } from "../sidecar/sidecar.js";
import type { HostFacts } from "./host-facts.js";

/** A host as callers see it. */
export interface HostView {
  readonly hostname: string;
  readonly service: Service | undefined;
  readonly rule: DestinationRule | undefined;
  /** The VirtualServices for the host, the one that wins first: another counts where that says nothing. */
  readonly virtualServices: VirtualServices;
  /**
   * The VirtualServices that route connections and not requests: for the host by name or by a wildcard and, where it is a
   * wildcard itself, for some of its hosts. They are in order, and all of them count together. See Istio, getConfigsForHost.
   */
  readonly connections: VirtualServices;
  /** Of a wildcard: the ports on which requests for its hosts are those of services, where there are such. */
  readonly servedPorts?: readonly number[];
}

/** Stands for callers of no namespace in particular; no namespace has this name. */
export const NO_NAMESPACE = "";

const NONE: VirtualServices = [];

/** Whether a VirtualService names a host, or a wildcard that stands for it. */
export const standsFor = ({ hosts }: VirtualService, hostname: string): boolean =>
  hosts.some((host) => isSubsetOf(hostname, host));

/** Who looks at hosts: the callers of a namespace, perhaps through one egress listener of their Sidecar. */
type Viewer = Pick<ViewContext, "namespace" | "egress">;

/** Those of some VirtualServices that a viewer sees, the one that wins first. */
function seenBy({ namespace, egress }: Viewer, candidates: VirtualServices): VirtualServices {
  const seen = seenFrom(namespace, candidates);
  return egress === undefined
    ? seen
    : seen.filter((one) => importsVirtualService(egress.hosts, one));
}

/** VirtualServices that name a host before those that name the service of which it is another name. */
const ownFirst = (hostname: string, virtualServices: VirtualServices): VirtualServices =>
  virtualServices.every(({ hosts }) => hosts.includes(hostname))
    ? virtualServices
    : [
        ...virtualServices.filter(({ hosts }) => hosts.includes(hostname)),
        ...virtualServices.filter(({ hosts }) => !hosts.includes(hostname)),
      ];

/** Of VirtualServices that stand for a host by a wildcard: the first of those of the most specific one. */
function chooseWildcard(
  hostname: string,
  wildcards: VirtualServices,
  viewer: Viewer,
): VirtualServices {
  const visible = seenBy(viewer, [...wildcards].sort(compareVirtualServices));
  const closest = findMostSpecific(
    hostname,
    visible.flatMap(({ hosts }) => hosts),
  );
  const chosen = visible.find(({ hosts }) => hosts.some((host) => host === closest));
  return chosen === undefined ? NONE : [chosen];
}

/** Those of all that stand for a host that say where connections go. */
function chooseForConnections(candidates: VirtualServices, viewer: Viewer): VirtualServices {
  const routing = candidates.filter(routesConnections);
  if (routing.length === 0) return NONE;
  return seenBy(viewer, [...new Set(routing)].sort(compareVirtualServices));
}

/** Whether two views of a host are the same. */
export function sameView(a: HostView, b: HostView): boolean {
  return (
    a.service === b.service &&
    a.rule === b.rule &&
    sameElements(a.virtualServices, b.virtualServices) &&
    sameElements(a.connections, b.connections) &&
    sameElements(a.servedPorts ?? [], b.servedPorts ?? [])
  );
}

/** Callers to whom all hosts look the same. */
export interface Client {
  readonly namespace: string;
  /** Their labels, as far as some resource asks for them. See caller-labels. */
  readonly labels: Labels;
}

/** What a view depends on beside what is known of the host. */
export interface ViewContext extends Client {
  /** The egress listener of a Sidecar through which callers look; undefined without a Sidecar. */
  readonly egress: EgressListener | undefined;
  readonly rootNamespace: string;
  readonly wildcardRules: readonly DestinationRule[];
  readonly wildcards: VirtualServices;
  readonly servedWildcards: ServedWildcards;
}

/** Whether two contexts give the same views. */
export const sameContext = (a: ViewContext, b: ViewContext): boolean =>
  a.namespace === b.namespace &&
  a.labels === b.labels &&
  a.egress === b.egress &&
  a.rootNamespace === b.rootNamespace &&
  a.wildcardRules === b.wildcardRules &&
  a.wildcards === b.wildcards &&
  (a.servedWildcards === b.servedWildcards || sameServed(a.servedWildcards, b.servedWildcards));

/** The service that a viewer reaches by a host: through a listener for one port one that has it, if there is such. */
function viewedService(
  group: Table<Service> | undefined,
  { namespace, egress }: Viewer,
): Service | undefined {
  if (egress === undefined) return chooseService(group, namespace);
  const { hosts, port } = egress;
  const isImported = (one: Service): boolean => importsService(hosts, one);
  const isOnPort = ({ ports }: Service): boolean =>
    port === undefined || leadsAnywhere(port) || ports.some(({ number }) => number === port.number);
  return (
    chooseService(group, namespace, (one) => isImported(one) && isOnPort(one)) ??
    chooseService(group, namespace, isImported)
  );
}

/** What callers see of a host. It is known when it is a service's, or when a VirtualService names it. */
export function hostView(
  hostname: string,
  facts: HostFacts,
  context: ViewContext,
): HostView | undefined {
  const { servedWildcards } = context;
  const [services, , exact = NONE] = facts;
  const service = viewedService(services, context);
  const named = exact.length === 0 ? NONE : seenBy(context, exact);
  if (service === undefined && named.length === 0) return undefined;
  const servedPorts = servedWildcards.get(hostname);
  const served = servedPorts === undefined ? {} : { servedPorts };
  return service === undefined
    ? { hostname, service, ...served, rule: undefined, virtualServices: named, connections: NONE }
    : { hostname, service, ...served, ...saidOf(service, { hostname, named, facts, context }) };
}

/** What is looked at for a host that a service has. */
interface ServiceQuery {
  readonly hostname: string;
  /** The VirtualServices that name it and that the callers see. */
  readonly named: VirtualServices;
  readonly facts: HostFacts;
  readonly context: ViewContext;
}

/** The rule and the VirtualServices that apply to a service under one of its names. */
function saidOf(
  service: Service,
  { hostname, named, facts, context }: ServiceQuery,
): Pick<HostView, "rule" | "virtualServices" | "connections"> {
  const [, rules = [], exact = NONE, narrower = NONE] = facts;
  const { namespace, labels, rootNamespace, wildcardRules, wildcards } = context;
  const query = { clientNamespace: namespace, clientLabels: labels, rootNamespace, service };
  const target = service.aliasOf ?? hostname;
  const byWildcard = wildcards.filter((one) => standsFor(one, target));
  return {
    rule: findRule(rules, wildcardRules, query),
    virtualServices:
      forTarget(hostname, service, named).length > 0
        ? ownFirst(hostname, named)
        : [...named, ...chooseWildcard(target, byWildcard, context)],
    // Connections come to an address, that of what the name stands for.
    connections: chooseForConnections(
      [...forTarget(hostname, service, exact), ...byWildcard, ...narrower],
      context,
    ),
  };
}
