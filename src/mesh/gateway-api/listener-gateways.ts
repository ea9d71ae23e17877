/**
 * The listeners of the Gateway API's Gateways, also those that are added to them, as Gateways of Istio's: one each, with one
 * server. See Istio, GatewayCollection and ListenerSetCollection.
 */
import { Table } from "../../base/table/table.js";
import { backendCertificate } from "../../config/gateway-api/backend-certificate.js";
import { gatewayNameOf, type Listener } from "../../config/gateway-api/listener.js";
import { listenerTls } from "../../config/gateway-api/listener-tls.js";
import type { GatewaySpec, Server } from "../../config/kinds/networking/gateway.js";
import type { ResourceOf } from "../../config/kinds.js";
import { keyOf } from "../../config/resource.js";
import { namedServicesOf } from "../gateway/gateway.js";
import { DEFAULT_DOMAIN, serviceHostname } from "../hostname.js";
import { addedTo, type GatewayResource, gatewaySemantics } from "../made-of.js";
import { GATEWAY_NAME_LABEL } from "../policy-targets.js";

type KubernetesGateway = ResourceOf<"KubernetesGateway">;
type ReferenceGrants = Table<ResourceOf<"ReferenceGrant">>;

/** The Gateways of Istio's for the listeners of a Gateway that can be served, by `namespace/name`. */
export function listenerGateways(
  gateway: KubernetesGateway,
  listeners: readonly Listener[],
  grants: ReferenceGrants,
): Table<GatewayResource> {
  const workloads = workloadsOf(gateway);
  const { credential } = backendCertificate(gateway, grants);
  const made = listeners.flatMap((listener): readonly GatewayResource[] => {
    const { tls, isServed } = listenerTls(gateway, listener, grants);
    if (!isServed) return [];
    const { owner, creationTimestamp } = listener;
    const part = { ref: owner, path: `listeners[${listener.index}]` };
    const isAdded = owner.kind !== "KubernetesGateway";
    const server = serverOf(listener, tls);
    return [
      {
        kind: "Gateway",
        apiVersion: "networking.istio.io/v1",
        metadata: {
          name: gatewayNameOf(listener),
          namespace: owner.namespace,
          labels: {},
          annotations: {
            ...gatewaySemantics(),
            ...(isAdded ? addedTo(gateway.metadata.namespace) : {}),
            ...workloads.annotations,
          },
          ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
        },
        spec: { servers: [server], ...workloads.spec },
        status: undefined,
        madeOf: [part],
        ...(credential === undefined ? {} : { backendCredential: credential }),
      },
    ];
  });
  return Table.from(made.map((one) => [keyOf(one.metadata), one]));
}

function serverOf({ port, protocol, hostname, namespaces }: Listener, tls: Server["tls"]): Server {
  const names = namespaces === "all" ? ["*"] : namespaces;
  return {
    port: { name: "default", number: port, protocol },
    // Of the namespace "~", which there is not: the listener is there, and takes no routes.
    hosts: (names.length === 0 ? ["~"] : names).map((name) => `${name}/${hostname}`),
    ...(tls === undefined ? {} : { tls }),
  };
}

/**
 * Who serves a Gateway: the Services that its addresses name, or else the pods of its namespace that have its name in a label,
 * as Istio puts it on those that it deploys. See Istio, "Kubernetes Gateway API", "Manual Deployment".
 */
function workloadsOf({
  metadata: { name, namespace },
  spec: { addresses = [] },
}: KubernetesGateway): {
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: Pick<GatewaySpec, "selector">;
} {
  const hosts = addresses.flatMap(({ type, value }) =>
    type === "Hostname" && value !== undefined
      ? [value.includes(".") ? value : serviceHostname(value, namespace, DEFAULT_DOMAIN)]
      : [],
  );
  return hosts.length === 0
    ? { annotations: {}, spec: { selector: { [GATEWAY_NAME_LABEL]: name } } }
    : { annotations: namedServicesOf(hosts), spec: {} };
}
