/** Types that Istio knows and the core build of Envoy has not: nothing is wrong with the words of who names them. */

/** What types of Envoy's own API are called behind `envoy.`: those of its contrib build, of Istio's, and of old versions. */
const PACKAGES: readonly string[] = [
  "extensions.compression.qatzip",
  "extensions.compression.qatzstd",
  "extensions.config.v3alpha",
  "extensions.filters.http.checksum",
  "extensions.filters.http.dynamo",
  "extensions.filters.http.golang",
  "extensions.filters.http.gzip",
  "extensions.filters.http.kill_request",
  "extensions.filters.http.language",
  "extensions.filters.http.peak_ewma",
  "extensions.filters.http.squash",
  "extensions.filters.http.sxg",
  "extensions.filters.network.client_ssl_auth",
  "extensions.filters.network.generic_proxy.codecs.kafka",
  "extensions.filters.network.golang",
  "extensions.filters.network.kafka_broker",
  "extensions.filters.network.kafka_mesh",
  "extensions.filters.network.mysql_proxy",
  "extensions.filters.network.postgres_proxy",
  "extensions.filters.network.rocketmq_proxy",
  "extensions.filters.network.sip_proxy",
  "extensions.load_balancing_policies.peak_ewma",
  "extensions.matching.input_matchers.hyperscan",
  "extensions.network.connection_balance.dlb",
  "extensions.outlier_detection_monitors.consecutive_errors",
  "extensions.private_key_providers",
  "extensions.regex_engines.hyperscan",
  "extensions.router.cluster_specifier.golang",
  "extensions.tap_sinks.udp_sink",
  "extensions.transport_sockets.s2a",
  "extensions.upstreams.http.tcp.golang",
  "extensions.vcl",
  "service.event_reporting",
  "tcp.metadataexchange",
];

/** Whether a type may be known to another build of Envoy; outside of `envoy.` any may. */
export const isOfOtherBuild = (type: string): boolean =>
  !type.startsWith("envoy.") || PACKAGES.some((name) => type.startsWith(`envoy.${name}.`));
