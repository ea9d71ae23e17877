/** The messages of Envoy's admin interface, as canonical protobuf JSON. Generated from the pinned Envoy by `make gen`. */

export type {
  ClusterStatusJson,
  ClustersJson,
  HostStatusJson,
} from "../../gen/types/envoy/admin/v3/clusters_pb.js";
export type {
  BootstrapConfigDumpJson,
  SecretsConfigDump_DynamicSecretJson,
  SecretsConfigDumpJson,
} from "../../gen/types/envoy/admin/v3/config_dump_pb.js";
export type {
  ClustersConfigDumpJson,
  EcdsConfigDumpJson,
  EndpointsConfigDumpJson,
  ListenersConfigDumpJson,
  RoutesConfigDumpJson,
} from "../../gen/types/envoy/admin/v3/config_dump_shared_pb.js";
