/** The message types of the resources that are sent. */
export const MESSAGE = {
  cluster: "envoy.config.cluster.v3.Cluster",
  endpoint: "envoy.config.endpoint.v3.ClusterLoadAssignment",
  listener: "envoy.config.listener.v3.Listener",
  route: "envoy.config.route.v3.RouteConfiguration",
  virtualHost: "envoy.config.route.v3.VirtualHost",
  secret: "envoy.extensions.transport_sockets.tls.v3.Secret",
  extensionConfig: "envoy.config.core.v3.TypedExtensionConfig",
  nameTable: "istio.networking.nds.v1.NameTable",
} as const;
