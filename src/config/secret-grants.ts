/** Which Secrets gateways of other namespaces may read. See Kubernetes' Gateway API, ReferenceGrant. */
import type { Table } from "../base/table.js";
import type { ResourceOf } from "./kinds.js";

type ReferenceGrants = Table<ResourceOf<"ReferenceGrant">>;

/** The API groups whose kind Gateway reads Secrets: Istio's own, and Kubernetes'. */
const GATEWAY_GROUPS: readonly string[] = ["networking.istio.io", "gateway.networking.k8s.io"];

/** Whether gateways of a namespace may read a Secret: it is of that namespace, or one there was granted it. */
export function mayReadSecret(
  grants: ReferenceGrants,
  gatewayNamespace: string,
  secret: { readonly namespace: string; readonly name: string },
): boolean {
  if (gatewayNamespace === secret.namespace) return true;
  return [...grants.values()].some(
    ({ metadata, spec }) =>
      metadata.namespace === secret.namespace &&
      spec.from.some(
        ({ group, kind, namespace }) =>
          GATEWAY_GROUPS.includes(group) && kind === "Gateway" && namespace === gatewayNamespace,
      ) &&
      spec.to.some(
        ({ group, kind, name }) =>
          group === "" && kind === "Secret" && (name === undefined || name === secret.name),
      ),
  );
}

/** How a credential may say that it is a Secret: `kubernetes://namespace/name`. */
export const SECRET_TYPE = /^kubernetes(-gateway)?:\/\//;

/** The Secret that a credential `NAME`, `NAMESPACE/NAME` or `kubernetes://NAMESPACE/NAME` means to a gateway. */
export function secretOf(
  credential: string,
  gatewayNamespace: string,
): { readonly namespace: string; readonly name: string } {
  const [first = "", name] = credential.replace(SECRET_TYPE, "").split("/", 2);
  return name === undefined
    ? { namespace: gatewayNamespace, name: first }
    : { namespace: first, name };
}
