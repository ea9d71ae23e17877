/** The Gateways and VirtualServices of a mesh: those of files, and those that resources of other kinds mean. */
import { Engine } from "../base/engine.js";
import { type MeshConfig, meshConfigIn } from "../config/mesh-config/mesh-config.js";
import type { ResourceTables } from "../config/snapshot.js";
import { createIngresses } from "./gateway/ingress.js";
import { createGatewayApi } from "./gateway-api/gateway-api.js";

/** Adds what Ingresses and resources of the Gateway API mean to the Gateways and VirtualServices of the files. */
export function createMadeRouting(
  engine: Engine,
): (
  tables: ResourceTables,
  config: MeshConfig,
) => Pick<ResourceTables, "Gateway" | "VirtualService"> {
  const withIngresses = createIngresses(engine);
  const withGatewayApi = createGatewayApi(engine);
  return (tables, config) => withGatewayApi(tables, withIngresses(tables, config));
}

/** All that files have, with what is made of it: for those who look once. */
export function withMadeRouting(tables: ResourceTables): ResourceTables {
  const config = meshConfigIn(tables);
  return { ...tables, ...createMadeRouting(new Engine())(tables, config) };
}
