import type { Table } from "../../base/table/table.js";
import { backendTls } from "../gateway-api/backend-tls.js";
import type { ParentPort } from "../gateway-api/mesh-parents.js";
import type { Finding } from "../kind.js";
import {
  configMapKey,
  isConfigMapCredential,
} from "../kinds/networking/destination-rule/client-tls-settings.js";
import type { ResourceOf } from "../kinds.js";
import { REFERENCE_CODE } from "./dangling.js";

/** What of a BackendTLSPolicy cannot be, and roots that are not there: nothing can be called until they are. */
export function checkBackendPolicy(
  policy: ResourceOf<"BackendTLSPolicy">,
  services: Table<readonly ParentPort[]>,
  configMaps: Table<true>,
): readonly Finding[] {
  const asks = backendTls(policy, services);
  if (asks === undefined) return [];
  const { problems, tls } = asks;
  const { credentialName = "" } = tls;
  const key = isConfigMapCredential(credentialName) ? configMapKey(credentialName) : undefined;
  const missing =
    key === undefined || configMaps.has(key)
      ? []
      : [
          {
            path: ["spec", "validation", "caCertificateRefs", 0, "name"],
            message: `there is no ConfigMap "${key}": calls fail until there is`,
          },
        ];
  return [...problems, ...missing].map(
    (problem): Finding => ({ ...problem, code: REFERENCE_CODE, severity: "warning" }),
  );
}
