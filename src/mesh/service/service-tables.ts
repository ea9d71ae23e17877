/** The services of a mesh, in the tables by which the rest of it finds them. */
import { type Engine, sameElements } from "../../base/engine/engine.js";
import type { ResourceTables } from "../../config/snapshot.js";
import { DEFAULT_DOMAIN } from "../hostname.js";
import type { Mesh } from "../mesh.js";
import { createAliases } from "./alias.js";
import { createServices } from "./create-services.js";
import type { ServiceDefaults } from "./kubernetes-service.js";
import { createMixedPorts } from "./mixed-ports.js";
import { mayBeLookedUp, type Service } from "./service.js";
import { type StandIn, sameStandIns } from "./stand-in.js";
import { createNamespaceDistributions } from "./traffic-distribution.js";

/** The tables of a mesh that its services alone make. */
export type ServiceTables = Pick<
  Mesh,
  "services" | "servicesByHost" | "servicesByNamespace" | "lookedUpServices" | "mixedPorts"
>;

/** The builder of these tables; `exportTo` is who sees a service that does not say it. */
export function createServiceTables(
  engine: Engine,
): (
  tables: ResourceTables,
  exportTo: readonly string[],
  standIns: readonly StandIn[],
) => ServiceTables {
  const build = createServices(engine);
  const withAliases = createAliases(engine);
  const byHost = engine.group<Service>("services by host", (one) => [one.hostname]);
  const byNamespace = engine.group<Service>("services by namespace", (one) => [one.namespace]);
  const lookedUp = engine.derive<[Service], [], Service>("services looked up", (_key, [one]) =>
    one !== undefined && mayBeLookedUp(one) ? one : undefined,
  );
  const mixedPorts = createMixedPorts(engine);
  const distributionsOf = createNamespaceDistributions(engine);
  const settleDefaults = engine.settle<ServiceDefaults>(
    (a, b) =>
      a.domain === b.domain &&
      a.distributions === b.distributions &&
      sameElements(a.exportTo, b.exportTo),
  );
  const settleStandIns = engine.settle(sameStandIns);
  return (tables, exportTo, standIns) => {
    const defaults = settleDefaults({
      domain: DEFAULT_DOMAIN,
      exportTo,
      distributions: distributionsOf(tables.Namespace),
    });
    const services = withAliases(build(tables, defaults, settleStandIns(standIns)));
    return {
      services,
      servicesByHost: byHost(services),
      servicesByNamespace: byNamespace(services),
      lookedUpServices: lookedUp([services]),
      mixedPorts: mixedPorts(services),
    };
  };
}
