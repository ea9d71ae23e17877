/** Which Secrets gateways of other namespaces may read. See Kubernetes' Gateway API, ReferenceGrant. */
import type { Table } from "../base/table/table.js";
import { EXPERIMENTAL_GROUP, GATEWAY_API_GROUP } from "./kinds/gateway-api/names.js";
import type { ResourceOf } from "./kinds.js";

type ReferenceGrants = Table<ResourceOf<"ReferenceGrant">>;

/** Who reads Secrets: Gateways, of Istio or of Kubernetes, or ListenerSets, of a namespace. */
export interface SecretReader {
  readonly kind: string;
  readonly namespace: string;
}

/** How grants may call the kinds of readers that are no Gateways, as `group/Kind`. */
const READERS: Readonly<Partial<Record<string, readonly string[]>>> = {
  ListenerSet: [`${GATEWAY_API_GROUP}/ListenerSet`],
  XListenerSet: [`${EXPERIMENTAL_GROUP}/XListenerSet`],
};
const GATEWAYS: readonly string[] = ["networking.istio.io/Gateway", `${GATEWAY_API_GROUP}/Gateway`];

/** Whether readers of a namespace may read a Secret: it is of that namespace, or one there was granted it. */
export function mayReadSecret(
  grants: ReferenceGrants,
  reader: SecretReader,
  secret: { readonly namespace: string; readonly name: string },
): boolean {
  if (reader.namespace === secret.namespace) return true;
  const names = READERS[reader.kind] ?? GATEWAYS;
  return [...grants.values()].some(
    ({ metadata, spec }) =>
      metadata.namespace === secret.namespace &&
      spec.from.some(
        ({ group, kind, namespace }) =>
          names.includes(`${group}/${kind}`) && namespace === reader.namespace,
      ) &&
      spec.to.some(
        ({ group, kind, name }) =>
          group === "" && kind === "Secret" && (name === undefined || name === secret.name),
      ),
  );
}

/** How a credential may say that it is a Secret: `kubernetes://namespace/name`. */
export const SECRET_TYPE = /^kubernetes(-gateway)?:\/\//;

/** The credential that is no Secret: a workload's own certificate of the mesh, and the mesh's roots. */
export const BUILTIN_CREDENTIAL = "builtin://";

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
