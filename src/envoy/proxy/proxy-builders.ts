/** What is made once for all proxies. */
import type { Engine } from "../../base/engine/engine.js";
import type { Mesh } from "../../mesh/mesh.js";
import {
  type ClientLocalities,
  createClientLocalities,
} from "../../mesh/routing/client-localities.js";
import { createExtensionConfigs } from "../extension/extension-resources.js";
import { createSecurity } from "../filter/applied-security.js";
import { createGatewayServers, type GatewayServers } from "../gateway/gateway-part.js";
import { createScopes, type Scopes } from "../outbound/scopes.js";
import { createPatches, type Patches } from "../patch/patches.js";
import type { Encoder } from "../resource/encoder.js";
import type { ProxySets } from "../resource/resource-set.js";
import { createNameTables } from "../sidecar/dns.js";
import { createSidecarOutbound } from "../sidecar/sidecar-outbound.js";
import { createLogs, type Logs } from "../telemetry/proxy-logs.js";
import { createClientSecrets } from "../tls/client-secrets.js";
import { createSecretResources, type SecretResources } from "../tls/secret-resources.js";
import { createClusterUnions } from "./connected-proxy.js";
import { createMeshContext } from "./mesh-context.js";
import { createProxyContexts } from "./proxy-context.js";

/** Makes all that one proxy is sent, of one mesh after another. */
export type ProxyBuilder = (mesh: Mesh) => ProxySets;

/** The builders that all proxies share. */
export interface ProxyBuilders {
  readonly engine: Engine;
  readonly contextFinder: ReturnType<typeof createProxyContexts>;
  readonly gatewayServersOf: GatewayServers;
  readonly logs: Logs;
  readonly clusterUnions: ReturnType<typeof createClusterUnions>;
  readonly security: ReturnType<typeof createSecurity>;
  readonly patches: Patches;
  readonly secretResources: SecretResources;
  readonly clientSecrets: ReturnType<typeof createClientSecrets>;
  readonly extensionConfigs: ReturnType<typeof createExtensionConfigs>;
  readonly outbound: ReturnType<typeof createSidecarOutbound>;
  readonly nameTables: ReturnType<typeof createNameTables>;
}

/** Makes them, and the scopes and localities that proxies share. */
export function createProxyBuilders(
  engine: Engine,
  encoder: Encoder,
): {
  readonly shared: ProxyBuilders;
  readonly scopes: Scopes;
  readonly localities: ClientLocalities;
} {
  const logs = createLogs(engine);
  const patches = createPatches(engine, encoder);
  const scopes = createScopes(engine, encoder, logs, patches);
  const localities = createClientLocalities(engine);
  const meshContextOf = createMeshContext(engine, localities);
  const secretResources = createSecretResources(engine, encoder);
  const shared: ProxyBuilders = {
    engine,
    contextFinder: engine.memo(
      "finder of a proxy's context",
      createProxyContexts({ engine, scopes, patches, localities, meshContextOf }),
    ),
    gatewayServersOf: createGatewayServers(engine),
    logs,
    clusterUnions: createClusterUnions(engine, encoder),
    security: createSecurity(engine),
    patches,
    secretResources,
    clientSecrets: createClientSecrets(engine, secretResources),
    extensionConfigs: createExtensionConfigs(engine, encoder, patches),
    outbound: createSidecarOutbound(engine),
    nameTables: createNameTables(engine, encoder),
  };
  return { shared, scopes, localities };
}
