/** The secrets by which a proxy shows itself to servers, and knows them, as DestinationRules say. */
import type { Engine } from "../../base/engine.js";
import { appliesCredentials, credentialsIn } from "../../mesh/credential-rules.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { Proxy } from "../../mesh/proxy.js";
import { type ResourceSet, resourceSet } from "../resource-set.js";
import type { SecretResources } from "./secret-resources.js";

/** What the secrets of a client depend on. */
interface ClientSecretInputs extends Pick<Mesh, "credentialRules" | "secrets"> {
  readonly proxy: Proxy;
}

const NONE: ResourceSet = resourceSet([]);

/**
 * The secrets that the rules of a proxy name, all of the proxy's own namespace. One that is not there is left out: its
 * clusters wait for it.
 */
export function createClientSecrets(
  engine: Engine,
  resourcesOf: SecretResources,
): (mesh: Pick<Mesh, "credentialRules" | "secrets">, proxy: Proxy) => ResourceSet {
  const build = engine.memoFields<ClientSecretInputs, ResourceSet>(
    "client secrets",
    ["proxy", "credentialRules", "secrets"],
    ({ proxy, credentialRules, secrets }) => {
      const rules = credentialRules.filter((rule) => appliesCredentials(rule, proxy));
      const names = new Set(rules.flatMap(({ spec }) => credentialsIn(spec)));
      return resourceSet(
        [...names].flatMap((name) =>
          resourcesOf(name, (suffix) => secrets.get(`${proxy.namespace}/${name}${suffix}`)),
        ),
      );
    },
  );
  return ({ credentialRules, secrets }, proxy) =>
    credentialRules.length === 0 ? NONE : build({ credentialRules, secrets, proxy });
}
