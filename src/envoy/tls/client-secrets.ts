/** The secrets by which a proxy shows itself to servers, and knows them, as DestinationRules say. */
import type { Engine } from "../../base/engine/engine.js";
import {
  configMapKey,
  isConfigMapCredential,
} from "../../config/kinds/networking/destination-rule/client-tls-settings.js";
import { secretOf } from "../../config/secret-grants.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import { credentialsFor, isRuleFor } from "../../mesh/security/credential-rules.js";
import { type ResourceSet, resourceSet } from "../resource/resource-set.js";
import type { SecretResources } from "./secret-resources.js";

/** Where the credentials of clients are. */
export type CredentialMesh = Pick<Mesh, "credentialRules" | "secrets" | "configMaps">;

/** What the secrets of a client depend on. */
interface ClientSecretInputs extends CredentialMesh {
  readonly proxy: Proxy;
}

const NONE: ResourceSet = resourceSet([]);

/**
 * The credentials that the rules of a proxy name: Secrets of the proxy's own namespace, ConfigMaps, and files. A Secret or
 * ConfigMap that is not there is left out: its clusters wait for it.
 */
export function createClientSecrets(
  engine: Engine,
  resourcesOf: SecretResources,
): (mesh: CredentialMesh, proxy: Proxy) => ResourceSet {
  const build = engine.memoFields<ClientSecretInputs, ResourceSet>(
    "client secrets",
    { proxy: true, credentialRules: true, secrets: true, configMaps: true },
    ({ proxy, credentialRules, secrets, configMaps }) => {
      const names = new Set(credentialRules.flatMap((rule) => credentialsFor(rule, proxy)));
      const files = credentialRules
        .filter((rule) => isRuleFor(rule, proxy))
        .flatMap(resourcesOf.filesOfRule);
      return resourceSet([
        ...files,
        ...[...names].flatMap((name) =>
          isConfigMapCredential(name)
            ? resourcesOf.ofConfigMap(name, configMaps.get(configMapKey(name)))
            : resourcesOf.ofSecret(name, (suffix) => {
                const secret = secretOf(name, proxy.namespace);
                const isOwn = secret.namespace === proxy.namespace;
                return isOwn
                  ? secrets.get(`${proxy.namespace}/${secret.name}${suffix}`)
                  : undefined;
              }),
        ),
      ]);
    },
  );
  return ({ credentialRules, secrets, configMaps }, proxy) =>
    credentialRules.length === 0 ? NONE : build({ credentialRules, secrets, configMaps, proxy });
}
