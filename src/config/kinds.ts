import type { TSchema } from "typebox";
import { authorizationPolicy } from "./kinds/authorization-policy.js";
import { configMap } from "./kinds/config-map.js";
import { daemonSet } from "./kinds/daemon-set.js";
import { deployment } from "./kinds/deployment.js";
import { destinationRule } from "./kinds/destination-rule.js";
import { endpointSlice } from "./kinds/endpoint-slice.js";
import { endpoints } from "./kinds/endpoints.js";
import { envoyFilter } from "./kinds/envoy-filter.js";
import type { ValueOf } from "./kinds/fields.js";
import { gateway } from "./kinds/gateway.js";
import { backendTlsPolicy } from "./kinds/gateway-api/backend-tls-policy.js";
import { tcpRoute, tlsRoute } from "./kinds/gateway-api/connection-routes.js";
import { kubernetesGateway } from "./kinds/gateway-api/gateway.js";
import { gatewayClass } from "./kinds/gateway-api/gateway-class.js";
import { grpcRoute } from "./kinds/gateway-api/grpc-route.js";
import { httpRoute } from "./kinds/gateway-api/http-route.js";
import { listenerSet, xListenerSet } from "./kinds/gateway-api/listener-set.js";
import { ingress } from "./kinds/ingress.js";
import { ingressClass } from "./kinds/ingress-class.js";
import { namespace } from "./kinds/namespace.js";
import { peerAuthentication } from "./kinds/peer-authentication.js";
import { pod } from "./kinds/pod.js";
import { proxyConfig } from "./kinds/proxy-config.js";
import { referenceGrant } from "./kinds/reference-grant.js";
import { requestAuthentication } from "./kinds/request-authentication.js";
import { secret } from "./kinds/secret.js";
import { service } from "./kinds/service.js";
import { serviceAccount } from "./kinds/service-account.js";
import { serviceEntry } from "./kinds/service-entry.js";
import { sidecar } from "./kinds/sidecar.js";
import { statefulSet } from "./kinds/stateful-set.js";
import { telemetry } from "./kinds/telemetry.js";
import { trafficExtension } from "./kinds/traffic-extension.js";
import { virtualService } from "./kinds/virtual-service.js";
import { wasmPlugin } from "./kinds/wasm-plugin.js";
import { workloadEntry } from "./kinds/workload-entry.js";
import { workloadGroup } from "./kinds/workload-group.js";
import type { ConfigResource } from "./resource.js";

/** Every kind that means something here, by its name. */
export const KINDS = {
  AuthorizationPolicy: authorizationPolicy,
  BackendTLSPolicy: backendTlsPolicy,
  ConfigMap: configMap,
  DaemonSet: daemonSet,
  Deployment: deployment,
  DestinationRule: destinationRule,
  EndpointSlice: endpointSlice,
  Endpoints: endpoints,
  EnvoyFilter: envoyFilter,
  Gateway: gateway,
  GRPCRoute: grpcRoute,
  GatewayClass: gatewayClass,
  HTTPRoute: httpRoute,
  Ingress: ingress,
  IngressClass: ingressClass,
  KubernetesGateway: kubernetesGateway,
  ListenerSet: listenerSet,
  Namespace: namespace,
  PeerAuthentication: peerAuthentication,
  Pod: pod,
  ProxyConfig: proxyConfig,
  ReferenceGrant: referenceGrant,
  RequestAuthentication: requestAuthentication,
  Secret: secret,
  Service: service,
  ServiceAccount: serviceAccount,
  ServiceEntry: serviceEntry,
  Sidecar: sidecar,
  StatefulSet: statefulSet,
  TCPRoute: tcpRoute,
  TLSRoute: tlsRoute,
  Telemetry: telemetry,
  TrafficExtension: trafficExtension,
  VirtualService: virtualService,
  WasmPlugin: wasmPlugin,
  WorkloadEntry: workloadEntry,
  WorkloadGroup: workloadGroup,
  XListenerSet: xListenerSet,
} as const;

/** The name of a kind that means something here. */
export type Kind = keyof typeof KINDS;

/** What a resource of a kind says: the type of `ConfigResource.spec`. */
export type SpecOf<K extends Kind> = ValueOf<(typeof KINDS)[K]["schema"]>;

/** The type of `ConfigResource.status`; `undefined` for kinds of which no status is read. */
export type StatusOf<K extends Kind> = (typeof KINDS)[K] extends {
  readonly status: infer S extends TSchema;
}
  ? ValueOf<S>
  : undefined;

/** A resource of a kind. */
export type ResourceOf<K extends Kind> = ConfigResource<SpecOf<K>, StatusOf<K>>;
