/** What VirtualServices and DestinationRules say of hosts, in the tables by which the rest of a mesh finds it. */
import type { Engine } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import type { MeshConfig } from "../../config/mesh-config/mesh-config.js";
import type { ResourceTables } from "../../config/snapshot.js";
import type { HostResolver } from "../host-resolver.js";
import { DEFAULT_DOMAIN } from "../hostname.js";
import type { Mesh } from "../mesh.js";
import { createCredentialRules } from "../security/credential-rules.js";
import { createAliasRouting } from "../service/alias.js";
import { type HostPorts, hostPorts, type Service, sameHostPorts } from "../service/service.js";
import { createDifferingHosts } from "../view/differing-hosts.js";
import type { DestinationRule } from "./destination-rule.js";
import { createNarrowerHosts } from "./narrower-hosts.js";
import { createOwnRules } from "./own-rules.js";
import { createRouteRules } from "./route-rules.js";
import { createRulesByHost } from "./rules-by-host.js";
import { createServedWildcards } from "./served-wildcards.js";
import type { VirtualService } from "./virtual-service.js";
import { createVirtualServiceIndex } from "./virtual-service-index.js";
import { createWildcardHosts } from "./wildcard-hosts.js";

/** The tables of a mesh that its routing resources and services make. */
export type RoutingTables = Pick<
  Mesh,
  | "resolver"
  | "rules"
  | "wildcardRules"
  | "virtualServices"
  | "wildcardVirtualServices"
  | "gatewayVirtualServices"
  | "routeRules"
  | "ownRules"
  | "credentialRules"
  | "narrowerConnections"
  | "servedWildcards"
  | "differingHosts"
>;

const RESOLVER: HostResolver = { domain: DEFAULT_DOMAIN };

/** The builder of these tables. */
export function createRoutingTables(
  engine: Engine,
): (
  tables: ResourceTables,
  config: MeshConfig,
  services: Pick<Mesh, "services" | "servicesByHost">,
) => RoutingTables {
  const rulesOf = createRulesByHost(engine);
  const wildcardRules = createWildcardHosts<DestinationRule>(engine, "wildcard rules");
  const portsOf = engine.derive<[Table<Service>], [], HostPorts>(
    "ports of hosts",
    (_host, [group]) => group && hostPorts(group),
    sameHostPorts,
  );
  const virtualServicesOf = createVirtualServiceIndex(engine);
  const withAliases = createAliasRouting(engine);
  const wildcardVirtualServices = createWildcardHosts<VirtualService>(
    engine,
    "wildcard virtual services",
  );
  const narrowerHosts = createNarrowerHosts(engine);
  const routeRules = createRouteRules(engine);
  const ownRules = createOwnRules(engine);
  const credentialRules = createCredentialRules(engine);
  const servedWildcards = createServedWildcards(engine);
  const differingHosts = createDifferingHosts(engine);
  return (tables, config, { services, servicesByHost }) => {
    const rules = rulesOf(tables.DestinationRule, RESOLVER, config.defaultDestinationRuleExportTo);
    const { byHost, byGateway } = virtualServicesOf(tables.VirtualService, {
      resolver: RESOLVER,
      exportTo: config.defaultVirtualServiceExportTo,
      ports: portsOf([servicesByHost]),
    });
    const said = {
      servicesByHost,
      rules,
      wildcardRules: wildcardRules(rules),
      virtualServices: withAliases(byHost, services),
      wildcardVirtualServices: wildcardVirtualServices(byHost),
      narrowerConnections: narrowerHosts(servicesByHost, byHost),
    };
    const ruled = { ...said, routeRules: routeRules(said), servedWildcards: servedWildcards(said) };
    return {
      ...ruled,
      ownRules: ownRules(said, config.rootNamespace),
      credentialRules: credentialRules(rules),
      resolver: RESOLVER,
      gatewayVirtualServices: byGateway,
      differingHosts: differingHosts(ruled),
    };
  };
}
