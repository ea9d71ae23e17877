/** The secrets of a gateway's servers, as far as the gateway may have them. */

import type { Engine } from "../../base/engine/engine.js";
import {
  configMapKey,
  isConfigMapCredential,
} from "../../config/kinds/networking/destination-rule/client-tls-settings.js";
import type { ResourceOf } from "../../config/kinds.js";
import { mayReadSecret, secretOf } from "../../config/secret-grants.js";
import { gatewaysOf } from "../../mesh/gateway/gateway.js";
import { type GatewayResource, isAdded, originOf } from "../../mesh/made-of.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import { addressKey } from "../../mesh/workload/address-key.js";
import { servedServices } from "../../mesh/workload/served-services.js";
import { type ResourceSet, resourceSet } from "../resource/resource-set.js";
import { credentialNames, rootsCredential } from "../tls/gateway-tls.js";
import type { SecretResources } from "../tls/secret-resources.js";
import type { GatewayInputs } from "./gateway-part.js";

type Secret = ResourceOf<"Secret">;

/** The credentials that Gateways name, for servers and to show to backends, each with the Gateways that name it. */
function credentialsOf(
  gateways: readonly GatewayResource[],
): ReadonlyMap<string, readonly GatewayResource[]> {
  const credentials = new Map<string, GatewayResource[]>();
  for (const gateway of gateways) {
    for (const name of namesIn(gateway)) {
      credentials.set(name, [...(credentials.get(name) ?? []), gateway]);
    }
  }
  return credentials;
}

function namesIn(gateway: GatewayResource): readonly string[] {
  const servers = gateway.spec.servers ?? [];
  const named = servers.flatMap(({ tls }) =>
    tls === undefined ? [] : [...credentialNames(tls), tls.caCertCredentialName ?? ""],
  );
  const { backendCredential } = gateway;
  return backendCredential === undefined ? named : [...named, backendCredential];
}

/** The files with revocation lists by which Gateways have the roots of a credential read. */
function listsFor(credential: string, gateways: readonly GatewayResource[]): readonly string[] {
  const lists = gateways.flatMap(({ spec }) =>
    (spec.servers ?? []).flatMap(({ tls }) =>
      tls !== undefined && rootsCredential(tls) === credential ? (tls.caCrl ?? "") : [],
    ),
  );
  return [...new Set(lists)].filter((list) => list !== "");
}

/**
 * The Secret of a credential, perhaps by a longer name, if the proxy may have it. One of another namespace has to be granted
 * both to the proxy's namespace, which will have the key, and to that of a Gateway which says what is served by it; or else
 * a ListenerSet that may read it adds what is served by it to a Gateway which takes that from there.
 */
function readable(
  { secrets, grants, proxy }: SecretInputs,
  credential: string,
  gateways: readonly GatewayResource[],
  suffix: string,
): Secret | undefined {
  const { namespace, name } = secretOf(credential, proxy.namespace);
  const secret = { namespace, name: name + suffix };
  const isOwn = namespace === proxy.namespace;
  const isGrantedToProxy = mayReadSecret(
    grants,
    { kind: "Gateway", namespace: proxy.namespace },
    secret,
  );
  const isGranted = gateways.some((gateway) => {
    const { kind } = originOf(gateway);
    const { namespace: from } = gateway.metadata;
    return (
      (isGrantedToProxy || isAdded(gateway)) &&
      mayReadSecret(grants, { kind, namespace: from }, secret)
    );
  });
  return isOwn || isGranted ? secrets.get(`${namespace}/${secret.name}`) : undefined;
}

/** What the secrets of a gateway depend on. */
interface SecretInputs extends Pick<GatewayInputs, "gateways" | "proxy" | "services" | "listing"> {
  readonly secrets: Mesh["secrets"];
  readonly configMaps: Mesh["configMaps"];
  readonly grants: Mesh["grants"];
}

/** What of a mesh the secrets of a gateway depend on. */
export function gatewaySecretInputs(mesh: Mesh, proxy: Proxy): SecretInputs {
  return {
    proxy,
    gateways: mesh.gateways,
    secrets: mesh.secrets,
    configMaps: mesh.configMaps,
    grants: mesh.grants,
    services: mesh.servicesByNamespace.get(proxy.namespace),
    listing: mesh.servicesByAddress.get(addressKey(proxy)),
  };
}

/**
 * The secrets that a gateway's servers name, of the gateway's own namespace or granted to it, for it is given no others, the
 * roots in ConfigMaps, and what is in files of its machine. A Secret that is not there is left out; its servers answer no
 * handshake until it comes.
 */
export function createGatewaySecrets(
  engine: Engine,
  resourcesOf: SecretResources,
): (inputs: SecretInputs) => ResourceSet {
  return engine.memoFields<SecretInputs, ResourceSet>(
    "gateway secrets",
    {
      proxy: true,
      gateways: true,
      secrets: true,
      configMaps: true,
      grants: true,
      services: true,
      listing: true,
    },
    (inputs) => {
      const { gateways, proxy } = inputs;
      const served = gatewaysOf(gateways, proxy, servedServices(inputs));
      const resources = [...credentialsOf(served)].flatMap(([name, naming]) =>
        isConfigMapCredential(name)
          ? resourcesOf.ofConfigMap(
              name,
              inputs.configMaps.get(configMapKey(name)),
              listsFor(name, naming),
            )
          : resourcesOf.ofSecret(
              name,
              (suffix) => readable(inputs, name, naming, suffix),
              listsFor(name, naming),
            ),
      );
      return resourceSet([...served.flatMap(resourcesOf.filesOfGateway), ...resources]);
    },
  );
}
