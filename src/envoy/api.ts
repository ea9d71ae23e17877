/** The messages of Envoy's API that fairlead builds, as canonical protobuf JSON. Generated from the pinned Envoy by `make gen`. */

export type {
  AccessLogFilterJson,
  AccessLogJson,
} from "../../gen/types/envoy/config/accesslog/v3/accesslog_pb.js";
export type {
  CircuitBreakers_Thresholds_RetryBudgetJson,
  CircuitBreakersJson,
} from "../../gen/types/envoy/config/cluster/v3/circuit_breaker_pb.js";
export type {
  Cluster_LbSubsetConfigJson,
  Cluster_SlowStartConfigJson,
  ClusterJson,
} from "../../gen/types/envoy/config/cluster/v3/cluster_pb.js";
export type { OutlierDetectionJson } from "../../gen/types/envoy/config/cluster/v3/outlier_detection_pb.js";
export type {
  AddressJson,
  CidrRangeJson,
} from "../../gen/types/envoy/config/core/v3/address_pb.js";
export type {
  DataSourceJson,
  HeaderValueJson,
  HeaderValueOptionJson,
  LocalityJson,
  MetadataJson,
  TransportSocketJson,
} from "../../gen/types/envoy/config/core/v3/base_pb.js";
export type {
  ConfigSourceJson,
  ExtensionConfigSourceJson,
} from "../../gen/types/envoy/config/core/v3/config_source_pb.js";
export type { HealthCheckJson } from "../../gen/types/envoy/config/core/v3/health_check_pb.js";
export type { Http2ProtocolOptionsJson } from "../../gen/types/envoy/config/core/v3/protocol_pb.js";
export type { LbEndpointJson } from "../../gen/types/envoy/config/endpoint/v3/endpoint_components_pb.js";
export type { ClusterLoadAssignmentJson } from "../../gen/types/envoy/config/endpoint/v3/endpoint_pb.js";
export type {
  FilterChainJson,
  FilterChainMatchJson,
  FilterJson,
  ListenerFilterJson,
} from "../../gen/types/envoy/config/listener/v3/listener_components_pb.js";
export type { ListenerJson } from "../../gen/types/envoy/config/listener/v3/listener_pb.js";
export type { StatsMatcherJson } from "../../gen/types/envoy/config/metrics/v3/stats_pb.js";
export type {
  PermissionJson,
  PolicyJson,
  PrincipalJson,
  RBACJson,
} from "../../gen/types/envoy/config/rbac/v3/rbac_pb.js";
export type {
  HeaderMatcherJson,
  QueryParameterMatcherJson,
  RedirectActionJson,
  RetryPolicyJson,
  RouteAction_HashPolicyJson,
  RouteActionJson,
  RouteJson,
  RouteMatchJson,
  VirtualHostJson,
  WeightedCluster_ClusterWeightJson,
} from "../../gen/types/envoy/config/route/v3/route_components_pb.js";
export type { RouteConfigurationJson } from "../../gen/types/envoy/config/route/v3/route_pb.js";
export type { CorsPolicyJson } from "../../gen/types/envoy/extensions/filters/http/cors/v3/cors_pb.js";
export type { ExtAuthzJson } from "../../gen/types/envoy/extensions/filters/http/ext_authz/v3/ext_authz_pb.js";
export type { HTTPFaultJson } from "../../gen/types/envoy/extensions/filters/http/fault/v3/fault_pb.js";
export type { ConfigJson as HeaderToMetadataJson } from "../../gen/types/envoy/extensions/filters/http/header_to_metadata/v3/header_to_metadata_pb.js";
export type {
  JwtProviderJson,
  JwtRequirementJson,
} from "../../gen/types/envoy/extensions/filters/http/jwt_authn/v3/config_pb.js";
export type {
  HttpConnectionManager_TracingJson,
  HttpConnectionManagerJson,
  HttpFilterJson,
} from "../../gen/types/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js";
export type { TcpProxyJson } from "../../gen/types/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js";
export type {
  CertificateValidationContextJson,
  TlsParametersJson,
} from "../../gen/types/envoy/extensions/transport_sockets/tls/v3/common_pb.js";
export type {
  SdsSecretConfigJson,
  SecretJson,
} from "../../gen/types/envoy/extensions/transport_sockets/tls/v3/secret_pb.js";
export type {
  CommonTlsContextJson,
  DownstreamTlsContextJson,
  UpstreamTlsContextJson,
} from "../../gen/types/envoy/extensions/transport_sockets/tls/v3/tls_pb.js";
export type { HttpProtocolOptionsJson } from "../../gen/types/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js";
export type {
  ClusterHealthCheckJson,
  HealthCheckSpecifierJson,
} from "../../gen/types/envoy/service/health/v3/hds_pb.js";
export type { MetadataMatcherJson } from "../../gen/types/envoy/type/matcher/v3/metadata_pb.js";
export type {
  ListStringMatcherJson,
  StringMatcherJson,
} from "../../gen/types/envoy/type/matcher/v3/string_pb.js";
export type { ValueMatcherJson } from "../../gen/types/envoy/type/matcher/v3/value_pb.js";
export type { CustomTagJson } from "../../gen/types/envoy/type/tracing/v3/custom_tag_pb.js";
export type { FractionalPercentJson } from "../../gen/types/envoy/type/v3/percent_pb.js";
