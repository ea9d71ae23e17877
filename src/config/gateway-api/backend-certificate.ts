/** The certificate by which a Gateway shows itself to backends that speak TLS. See Gateway API, GEP-3155. */
import type { Table } from "../../base/table/table.js";
import type { ResourceOf } from "../kinds.js";
import { mayReadSecret } from "../secret-grants.js";
import { isSecretRef, type ListenerProblem } from "./listener-tls.js";

type KubernetesGateway = ResourceOf<"KubernetesGateway">;

/** What a Gateway says of its certificate. */
export interface BackendCertificate {
  /** The Secret, as workloads of the Gateway's namespace know it; absent of a Gateway that shows none. */
  readonly credential?: string;
  readonly problems: readonly ListenerProblem[];
}

/** Reads which certificate a Gateway shows to backends, and what keeps it from being shown. */
export function backendCertificate(
  { metadata, spec }: KubernetesGateway,
  grants: Table<ResourceOf<"ReferenceGrant">>,
): BackendCertificate {
  const reference = spec.tls?.backend?.clientCertificateRef;
  if (reference === undefined) return { problems: [] };
  const path = ["spec", "tls", "backend", "clientCertificateRef"];
  if (!isSecretRef(reference)) {
    const message = "a certificate is in a Secret, and in no other kind; backends are shown none";
    return { problems: [{ path, message }] };
  }
  const { name, namespace = metadata.namespace } = reference;
  const reader = { kind: "Gateway", namespace: metadata.namespace } as const;
  if (!mayReadSecret(grants, reader, { namespace, name })) {
    const message = `no ReferenceGrant lets Gateways of namespace ${metadata.namespace} read Secret "${namespace}/${name}"; backends are shown none`;
    return { problems: [{ path, message }] };
  }
  return {
    credential: namespace === metadata.namespace ? name : `${namespace}/${name}`,
    problems: [],
  };
}
