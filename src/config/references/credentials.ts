import type { Table } from "../../base/table/table.js";
import type { Finding, Path } from "../kind.js";
import {
  configMapKey,
  isConfigMapCredential,
} from "../kinds/networking/destination-rule/client-tls-settings.js";
import type { ResourceOf } from "../kinds.js";
import { mayReadSecret, SECRET_TYPE, secretOf } from "../secret-grants.js";
import { REFERENCE_CODE } from "./dangling.js";
import { namespacesWith, type WorkloadRegistry } from "./workload-registry.js";

type Gateway = ResourceOf<"Gateway">;

interface PlacedCredential {
  readonly name: string;
  readonly path: Path;
}

/** What credentials may name, by `namespace/name`. */
export interface CredentialNames {
  readonly secrets: Table<true>;
  readonly configMaps: Table<true>;
}

/**
 * A warning for each credential of a Gateway that is no Secret where the gateway's workloads are. The server without its
 * certificate does nothing; the others are not affected, and it works as soon as the Secret appears.
 */
export function checkCredentials(
  gateway: Gateway,
  { secrets, configMaps }: CredentialNames,
  workloads: WorkloadRegistry,
  grants: Table<ResourceOf<"ReferenceGrant">>,
): readonly Finding[] {
  const { namespace } = gateway.metadata;
  const namespaces = [namespace, ...namespacesWith(workloads, gateway.spec.selector ?? {})];
  return [...credentialsOf(gateway)].flatMap(({ name, path }) => {
    if (isConfigMapCredential(name)) return missingConfigMap(name, path, configMaps);
    const keys = keysOf(name, namespaces);
    if (keys.length === 0) return [];
    const found = keys.filter((key) => secrets.has(key));
    const isGranted = found.some((key) =>
      namespaces.some((reader) =>
        mayReadSecret(grants, { kind: "Gateway", namespace: reader }, secretOf(key, reader)),
      ),
    );
    if (isGranted) return [];
    const message =
      found.length === 0
        ? `there is no Secret "${keys.join('" or "')}"`
        : `no ReferenceGrant lets Gateways of namespace ${namespace} read Secret "${found.join('" or "')}"`;
    return [warning(path, message)];
  });
}

function missingConfigMap(name: string, path: Path, known: Table<true>): readonly Finding[] {
  const key = configMapKey(name);
  return known.has(key) ? [] : [warning(path, `there is no ConfigMap "${key}"`)];
}

const warning = (path: Path, message: string): Finding => {
  return { path, code: REFERENCE_CODE, message, severity: "warning" };
};

function* credentialsOf({ spec }: Gateway): Iterable<PlacedCredential> {
  for (const [i, { tls }] of (spec.servers ?? []).entries()) {
    const path = ["spec", "servers", i, "tls"];
    for (const field of ["credentialName", "caCertCredentialName"] as const) {
      const name = tls?.[field];
      if (name !== undefined && name !== "") yield { name, path: [...path, field] };
    }
    for (const [j, name] of (tls?.credentialNames ?? []).entries()) {
      yield { name, path: [...path, "credentialNames", j] };
    }
  }
}

/** Where a credential may be; nowhere for one that is no Secret, such as `sds://`. */
function keysOf(name: string, namespaces: readonly string[]): readonly string[] {
  const plain = name.replace(SECRET_TYPE, "");
  if (plain.includes("://")) return [];
  if (plain.includes("/")) return [plain];
  return [...new Set(namespaces)].map((namespace) => `${namespace}/${plain}`);
}
