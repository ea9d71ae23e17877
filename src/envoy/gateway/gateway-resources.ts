/** All that one gateway is sent: the clusters of its scope, and the listeners, routes and secrets of its Gateways. */
import { type Engine, sameElements } from "../../base/engine/engine.js";
import { partAt } from "../outbound/scope-builder.js";
import type { ConnectedProxy } from "../proxy/connected-proxy.js";
import type { ProxyBuilder, ProxyBuilders } from "../proxy/proxy-builders.js";
import type { Encoder } from "../resource/encoder.js";
import { madeSets, proxySets, type ResourceSets, unionOf } from "../resource/resource-set.js";
import { createLogFinder } from "../telemetry/proxy-logs.js";
import { createPassedPorts } from "./auto-passthrough.js";
import { createGatewayPart, gatewayInputs } from "./gateway-part.js";
import { createGatewaySecrets, gatewaySecretInputs } from "./gateway-secrets.js";

/** Returns the former sets as long as nothing in them changes. */
function createSets(engine: Engine): (sets: ResourceSets) => ResourceSets {
  return engine.settle<ResourceSets>((a, b) => {
    try {
      return sameElements(madeSets(a), madeSets(b));
    } catch {
      // Who asks for what cannot be made is told why; all else may be another.
      return false;
    }
  });
}

/** Makes the builder of each gateway. */
export function createGateways(
  shared: ProxyBuilders,
  encoder: Encoder,
): (connected: ConnectedProxy) => ProxyBuilder {
  const { engine, clusterUnions, security, patches } = shared;
  const { secretResources, clientSecrets, nameTables, extensionConfigs } = shared;
  const { patching } = patches;
  const gateway = createGatewayPart(engine, encoder, shared.gatewayServersOf);
  const served = createGatewaySecrets(engine, secretResources);
  return (connected) => {
    const { proxy } = connected;
    const contextIn = shared.contextFinder(proxy);
    const clientLogs = createLogFinder(shared, proxy, "CLIENT");
    const clusters = clusterUnions(connected);
    const secrets = engine.latest("secrets of a proxy", unionOf);
    const settled = createSets(engine);
    const patch = { listeners: patching.listeners(), routes: patching.routes() };
    const passedPorts = createPassedPorts(engine);
    return (mesh) => {
      const { scope: builder, locality } = contextIn(mesh);
      const preferred = partAt(builder, mesh, () => locality);
      const filters = security(mesh, proxy, preferred.clusters);
      const logs = clientLogs(mesh, preferred.clusters);
      const passed = passedPorts(mesh, preferred.clusters);
      const own = gateway(gatewayInputs(mesh, proxy, { logs, security: filters, passed }));
      const side = patching.forServers(builder.patches(mesh), own.ports);
      const sets = proxySets(
        {
          clusters: clusters(preferred.clusters, own.clusters),
          listeners: engine.lazy(() => patch.listeners(own.listeners.get(), side)),
          secrets: secrets(served(gatewaySecretInputs(mesh, proxy)), clientSecrets(mesh, proxy)),
          extensions: extensionConfigs(mesh, proxy),
          names: engine.lazy(() => nameTables(builder.part(mesh).names.get(), proxy)),
        },
        {
          endpoints: preferred.endpoints,
          routes: engine.lazy(() => patch.routes(own.routes.get(), side)),
        },
      );
      return settled(sets);
    };
  };
}
