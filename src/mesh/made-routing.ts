/** All Gateways and VirtualServices of a mesh: those of files, and those made from Ingresses and the Gateway API. */
import { Engine } from "../base/engine/engine.js";
import { type MeshConfig, meshConfigIn } from "../config/mesh-config/mesh-config.js";
import type { ResourceTables } from "../config/snapshot.js";
import { createIngresses } from "./gateway/ingress.js";
import { createGatewayApi } from "./gateway-api/gateway-api.js";
import type { MadeRouting } from "./made-of.js";

/** Adds what Ingresses and resources of the Gateway API mean to the Gateways and VirtualServices of the files. */
export function createMadeRouting(
  engine: Engine,
): (tables: ResourceTables, config: MeshConfig) => MadeRouting {
  const withIngresses = createIngresses(engine);
  const withGatewayApi = createGatewayApi(engine);
  return (tables, config) => withGatewayApi(tables, withIngresses(tables, config));
}

/** The resources of files together with what is made from them, for callers that ask only once. */
export function withMadeRouting(tables: ResourceTables): ResourceTables & MadeRouting {
  const config = meshConfigIn(tables);
  return { ...tables, ...createMadeRouting(new Engine())(tables, config) };
}
