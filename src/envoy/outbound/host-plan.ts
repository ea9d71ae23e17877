/** Virtual hosts of sidecars before they are encoded, and what decides about them. */
import type { HTTPRetry } from "../../config/kinds/networking/virtual-service/http-retry.js";
import type { ResourceRef } from "../../config/resource.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { RouteClient, RouteRules } from "../../mesh/routing/route-rules.js";
import type { MixedPorts } from "../../mesh/service/mixed-ports.js";
import type { HostView } from "../../mesh/view/host-view.js";
import type { VirtualHostJson } from "../api.js";
import { hostDomains, ownDomains } from "../route/virtual-host.js";
import type { OutboundScope } from "./outbound-scope.js";

/** What virtual hosts depend on, beside the hosts. */
export interface HostContext {
  readonly scope: OutboundScope;
  readonly mesh: Pick<Mesh, "resolver">;
  readonly rootNamespace: string;
  readonly routeRules: RouteRules;
  readonly mixedPorts: MixedPorts;
  /** The mesh's policy for routes that say nothing of retries. */
  readonly retries: HTTPRetry | undefined;
}

/** A virtual host to be made, and for which table. */
export interface HostPlan {
  readonly routeName: string;
  readonly json: VirtualHostJson;
  readonly sources: readonly ResourceRef[];
  readonly ofOthers?: boolean;
  /** See Built: it has no routes then. */
  readonly fault?: unknown;
}

/** Who calls, as rules for what is called ask for it. */
export const clientOf = ({ scope, rootNamespace }: HostContext): RouteClient => ({
  clientNamespace: scope.namespace,
  clientLabels: scope.labels,
  rootNamespace,
});

/** The configuration that says what becomes of requests for a host. */
export function sourcesOf(
  { service, rule }: HostView,
  virtualServices: HostView["virtualServices"],
): readonly ResourceRef[] {
  return [...virtualServices, service, rule].flatMap((one) => one?.source ?? []);
}

/** The names by which callers mean a host; short ones are those of services alone. */
export const namesOf = (
  { hostname, service }: HostView,
  { scope, mesh }: HostContext,
): readonly string[] =>
  service === undefined
    ? ownDomains(hostname)
    : hostDomains(hostname, scope.namespace, mesh.resolver.domain);
