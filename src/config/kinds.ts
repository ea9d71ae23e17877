import type { TSchema } from "typebox";
import { trafficExtension } from "./kinds/extensions/traffic-extension.js";
import { wasmPlugin } from "./kinds/extensions/wasm-plugin.js";
import { backendTlsPolicy } from "./kinds/gateway-api/backend-tls-policy.js";
import { tcpRoute, tlsRoute } from "./kinds/gateway-api/connection-routes.js";
import { kubernetesGateway } from "./kinds/gateway-api/gateway.js";
import { gatewayClass } from "./kinds/gateway-api/gateway-class.js";
import { grpcRoute } from "./kinds/gateway-api/grpc-route.js";
import { httpRoute } from "./kinds/gateway-api/http-route.js";
import { listenerSet, xListenerSet } from "./kinds/gateway-api/listener-set.js";
import { referenceGrant } from "./kinds/gateway-api/reference-grant.js";
import { configMap } from "./kinds/kubernetes/config-map.js";
import { daemonSet } from "./kinds/kubernetes/daemon-set.js";
import { deployment } from "./kinds/kubernetes/deployment.js";
import { endpointSlice } from "./kinds/kubernetes/endpoint-slice.js";
import { endpoints } from "./kinds/kubernetes/endpoints.js";
import { ingress } from "./kinds/kubernetes/ingress.js";
import { ingressClass } from "./kinds/kubernetes/ingress-class.js";
import { namespace } from "./kinds/kubernetes/namespace.js";
import { pod } from "./kinds/kubernetes/pod.js";
import { secret } from "./kinds/kubernetes/secret.js";
import { service } from "./kinds/kubernetes/service.js";
import { serviceAccount } from "./kinds/kubernetes/service-account.js";
import { statefulSet } from "./kinds/kubernetes/stateful-set.js";
import { destinationRule } from "./kinds/networking/destination-rule/destination-rule.js";
import { envoyFilter } from "./kinds/networking/envoy-filter.js";
import { gateway } from "./kinds/networking/gateway.js";
import { proxyConfig } from "./kinds/networking/proxy-config.js";
import { serviceEntry } from "./kinds/networking/service-entry.js";
import { sidecar } from "./kinds/networking/sidecar/sidecar.js";
import { virtualService } from "./kinds/networking/virtual-service/virtual-service.js";
import { workloadEntry } from "./kinds/networking/workload-entry.js";
import { workloadGroup } from "./kinds/networking/workload-group.js";
import { authorizationPolicy } from "./kinds/security/authorization-policy.js";
import { peerAuthentication } from "./kinds/security/peer-authentication.js";
import { requestAuthentication } from "./kinds/security/request-authentication.js";
import { telemetry } from "./kinds/telemetry/telemetry.js";
import type { ValueOf } from "./kinds/value/fields.js";
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
