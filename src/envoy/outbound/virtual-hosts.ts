/** The virtual hosts of sidecars, made and encoded. */
import type { Engine } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { HostView } from "../../mesh/view/host-view.js";
import type { Encoder } from "../resource/encoder.js";
import { sameResource } from "../resource/resource-set.js";
import { encodeVirtualHost, type VirtualHostResource } from "../route/route-configuration.js";
import type { HostContext, HostPlan } from "./host-plan.js";
import type { HostRows } from "./host-rows.js";
import type { OutboundScope } from "./outbound-scope.js";
import { hostPlans } from "./virtual-host-plans.js";

/** A virtual host, and its domains. */
export interface HostResource extends VirtualHostResource {
  readonly domains: readonly string[];
  /** It is for hosts other than the one that makes it: each of these that has a virtual host of its own is for that to serve. */
  readonly ofOthers?: boolean;
}

function encodeHost(
  encoder: Encoder,
  { routeName, json, sources, fault, ...rest }: HostPlan,
): HostResource {
  const built = { name: json.name ?? "", json, sources, fault };
  return { ...encodeVirtualHost(encoder, routeName, built), domains: json.domains ?? [], ...rest };
}

/** The virtual hosts of hosts: by hostname, and all by name. */
export function createVirtualHosts(
  engine: Engine,
  encoder: Encoder,
): (views: Table<HostView>, mesh: Mesh, scope: OutboundScope) => HostRows<HostResource> {
  const derive = engine.derive<[HostView], [HostContext], Table<HostResource>>(
    "virtual hosts",
    (_host, [view], context) => {
      if (view === undefined) return undefined;
      return Table.from(
        hostPlans(view, context)
          .map((plan) => encodeHost(encoder, plan))
          .map((host) => [host.name, host] as const),
      );
    },
    sameResources,
  );
  const flat = engine.flatten<HostResource>("virtual hosts by name");
  const settleContext = engine.settle<HostContext>(
    (a, b) =>
      a.scope === b.scope &&
      a.mesh.resolver === b.mesh.resolver &&
      a.rootNamespace === b.rootNamespace &&
      a.routeRules === b.routeRules &&
      a.mixedPorts === b.mixedPorts &&
      a.retries === b.retries,
  );
  return (views, mesh, scope) => {
    const context = settleContext({
      scope,
      mesh: { resolver: mesh.resolver },
      rootNamespace: mesh.config.rootNamespace,
      routeRules: mesh.routeRules,
      mixedPorts: mesh.mixedPorts,
      retries: mesh.config.defaultHttpRetryPolicy,
    });
    const byHost = derive([views], context);
    return { byHost, all: flat(byHost) };
  };
}

function sameResources(a: Table<HostResource>, b: Table<HostResource>): boolean {
  return a
    .changesFrom(b)
    .every(
      ({ before, after }) =>
        before !== undefined && after !== undefined && sameResource(before, after),
    );
}
