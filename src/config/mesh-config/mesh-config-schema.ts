import Type from "typebox";
import { ClientTLSSettings } from "../kinds/networking/destination-rule/client-tls-settings.js";
import { TcpKeepalive } from "../kinds/networking/destination-rule/connection-pool.js";
import {
  LocalityLoadBalancerSetting,
  ZoneAwareLoadBalancerSetting,
} from "../kinds/networking/destination-rule/locality.js";
import { TrafficPolicy } from "../kinds/networking/destination-rule/traffic-policy.js";
import { HTTPRetry } from "../kinds/networking/virtual-service/http-retry.js";
import { CustomTag } from "../kinds/telemetry/telemetry.js";
import {
  Duration,
  Flag,
  lenient,
  list,
  mapOf,
  NonEmptyText,
  oneOf,
  optional,
  PortNumberOrZero,
  Struct,
  strict,
  Text,
  TextMap,
  Uint32,
  type ValueOf,
} from "../kinds/value/fields.js";
import { LabelSelector } from "../kinds/value/label-selector.js";
import { ExtensionProvider } from "./extension-provider.js";

/** What the mesh says of the TLS of its proxies: of mutual TLS (`meshMTLS`), or of all other TLS (`tlsDefaults`). */
export type TLSConfig = ValueOf<typeof TLSConfig>;
const TLSConfig = strict({
  minProtocolVersion: optional(oneOf("TLS_AUTO", "TLSV1_2", "TLSV1_3")),
  ecdhCurves: optional(list(Text)),
  cipherSuites: optional(list(Text)),
});

const CertificateData = strict({
  pem: optional(Text),
  spiffeBundleUrl: optional(Text),
  certSigners: optional(list(Text)),
  trustDomains: optional(list(Text)),
});

const ForwardClientCertDetails = oneOf(
  "UNDEFINED",
  "SANITIZE",
  "FORWARD_ONLY",
  "APPEND_FORWARD",
  "SANITIZE_SET",
  "ALWAYS_FORWARD_ONLY",
);

/** What stands in front of a gateway. See Istio, Topology (mesh/v1alpha1). */
export type GatewayTopology = ValueOf<typeof GatewayTopology>;
export const GatewayTopology = strict({
  numTrustedProxies: optional(Uint32),
  forwardClientCertDetails: optional(ForwardClientCertDetails),
  proxyProtocol: optional(strict({})),
});

const Switch = optional(strict({ disabled: optional(Flag) }));

/** The headers that a proxy adds, and how it writes them. See Istio, ProxyConfig.ProxyHeaders (mesh/v1alpha1). */
export type ProxyHeaders = ValueOf<typeof ProxyHeaders>;
export const ProxyHeaders = strict({
  forwardedClientCert: optional(ForwardClientCertDetails),
  setCurrentClientCertDetails: optional(
    strict({
      subject: optional(Flag),
      cert: optional(Flag),
      chain: optional(Flag),
      dns: optional(Flag),
      uri: optional(Flag),
    }),
  ),
  requestId: Switch,
  server: optional(strict({ disabled: optional(Flag), value: optional(Text) })),
  attemptCount: Switch,
  envoyDebugHeaders: Switch,
  /** Those of Istio's own filters, which a core Envoy has not. */
  metadataExchangeHeaders: optional(strict({ mode: optional(oneOf("UNDEFINED", "IN_MESH")) })),
  preserveHttp1HeaderCase: optional(Flag),
  xForwardedHost: optional(strict({ enabled: optional(Flag) })),
  xForwardedPort: optional(strict({ enabled: optional(Flag) })),
});

const KeyDevice = strict({ pollDelay: optional(Duration), fallback: optional(Flag) });

/** How a single proxy traces. See Istio, Tracing (mesh/v1alpha1). */
export const TracingFields = strict({
  zipkin: optional(strict({ address: optional(Text) })),
  lightstep: optional(lenient({ address: optional(Text), accessToken: optional(Text) })),
  datadog: optional(strict({ address: optional(Text) })),
  stackdriver: optional(Struct),
  openCensusAgent: optional(Struct),
  customTags: optional(mapOf(CustomTag)),
  maxPathTagLength: optional(Uint32),
  sampling: optional(Type.Number({ minimum: 0, maximum: 100 })),
  tlsSettings: optional(ClientTLSSettings),
  enableIstioTags: optional(Flag),
});

/** The schema of `defaultConfig`, the settings of a single proxy. See Istio's ProxyConfig (mesh/v1alpha1). */
export const ProxyConfigFields = strict({
  configPath: optional(Text),
  binaryPath: optional(Text),
  serviceCluster: optional(Text),
  tracingServiceName: optional(
    oneOf("APP_LABEL_AND_NAMESPACE", "CANONICAL_NAME_ONLY", "CANONICAL_NAME_AND_NAMESPACE"),
  ),
  drainDuration: optional(Duration),
  parentShutdownDuration: optional(Duration),
  terminationDrainDuration: optional(Duration),
  discoveryAddress: optional(Text),
  discoveryRefreshDelay: optional(Duration),
  zipkinAddress: optional(Text),
  statsdUdpAddress: optional(Text),
  envoyMetricsServiceAddress: optional(Text),
  proxyAdminPort: optional(PortNumberOrZero),
  availabilityZone: optional(Text),
  controlPlaneAuthPolicy: optional(oneOf("NONE", "MUTUAL_TLS", "INHERIT")),
  customConfigFile: optional(Text),
  statNameLength: optional(Uint32),
  concurrency: optional(Uint32),
  proxyBootstrapTemplatePath: optional(Text),
  interceptionMode: optional(oneOf("REDIRECT", "TPROXY", "NONE")),
  tracing: optional(TracingFields),
  sds: optional(Struct),
  envoyAccessLogService: optional(Struct),
  envoyMetricsService: optional(Struct),
  proxyMetadata: optional(TextMap),
  runtimeValues: optional(TextMap),
  statusPort: optional(PortNumberOrZero),
  extraStatTags: optional(list(Text)),
  gatewayTopology: optional(GatewayTopology),
  meshId: optional(Text),
  readinessProbe: optional(Struct),
  proxyStatsMatcher: optional(
    strict({
      inclusionPrefixes: optional(list(Text)),
      inclusionSuffixes: optional(list(Text)),
      inclusionRegexps: optional(list(Text)),
    }),
  ),
  holdApplicationUntilProxyStarts: optional(Flag),
  caCertificatesPem: optional(list(Text)),
  image: optional(Struct),
  privateKeyProvider: optional(strict({ cryptomb: optional(KeyDevice), qat: optional(KeyDevice) })),
  proxyHeaders: optional(ProxyHeaders),
  fileFlushInterval: optional(Duration),
  fileFlushMinSizeKb: optional(Uint32),
  statsEvictionInterval: optional(Duration),
  statsCompression: optional(Flag),
});

/** The settings of a single proxy, as `defaultConfig` or the annotation `proxy.istio.io/config` has them. */
export type ProxyConfigFields = ValueOf<typeof ProxyConfigFields>;

/** What is read of how a single proxy traces. */
export type TracingSettings = Pick<
  ValueOf<typeof TracingFields>,
  "sampling" | "customTags" | "maxPathTagLength"
>;

/** The settings that a proxy tells the control plane: they decide what it is sent. */
export type ToldSettings = Pick<ProxyConfigFields, "gatewayTopology" | "proxyHeaders"> & {
  readonly tracing?: TracingSettings;
};

/** The settings that say what a proxy's service is called by who watches it. */
export type ServiceNaming = Pick<ProxyConfigFields, "serviceCluster" | "tracingServiceName">;

/** The schema of `data.mesh`. Every field is optional. See Istio's MeshConfig (mesh/v1alpha1). */
export const MeshConfigFields = strict({
  proxyListenPort: optional(PortNumberOrZero),
  proxyInboundListenPort: optional(PortNumberOrZero),
  proxyHttpPort: optional(PortNumberOrZero),
  connectTimeout: optional(Duration),
  protocolDetectionTimeout: optional(Duration),
  tcpKeepalive: optional(TcpKeepalive),
  ingressClass: optional(Text),
  ingressService: optional(Text),
  ingressControllerMode: optional(oneOf("UNSPECIFIED", "OFF", "DEFAULT", "STRICT")),
  ingressSelector: optional(Text),
  enableTracing: optional(Flag),
  accessLogFile: optional(Text),
  accessLogFormat: optional(Text),
  accessLogEncoding: optional(oneOf("TEXT", "JSON")),
  enableEnvoyAccessLogService: optional(Flag),
  disableEnvoyListenerLog: optional(Flag),
  defaultConfig: optional(ProxyConfigFields),
  outboundTrafficPolicy: optional(
    strict({
      mode: optional(oneOf("REGISTRY_ONLY", "ALLOW_ANY", "ALLOW_ANY_DYNAMIC_DNS")),
      /** Since Istio 1.31: of the hosts that ALLOW_ANY_DYNAMIC_DNS looks up. */
      tls: optional(ClientTLSSettings),
    }),
  ),
  inboundTrafficPolicy: optional(strict({ mode: optional(oneOf("PASSTHROUGH", "LOCALHOST")) })),
  configSources: optional(list(Struct)),
  enableAutoMtls: optional(Flag),
  trustDomain: optional(NonEmptyText),
  trustDomainAliases: optional(list(Text)),
  caCertificates: optional(list(CertificateData)),
  defaultServiceExportTo: optional(list(Text)),
  defaultVirtualServiceExportTo: optional(list(Text)),
  defaultDestinationRuleExportTo: optional(list(Text)),
  rootNamespace: optional(NonEmptyText),
  localityLbSetting: optional(LocalityLoadBalancerSetting),
  /** Since Istio 1.31. */
  zoneAwareLbSetting: optional(ZoneAwareLoadBalancerSetting),
  dnsRefreshRate: optional(Duration),
  h2UpgradePolicy: optional(oneOf("DO_NOT_UPGRADE", "UPGRADE")),
  inboundClusterStatName: optional(Text),
  outboundClusterStatName: optional(Text),
  certificates: optional(list(Struct)),
  serviceSettings: optional(
    list(
      strict({
        settings: optional(strict({ clusterLocal: optional(Flag) })),
        hosts: optional(list(Text)),
      }),
    ),
  ),
  serviceScopeConfigs: optional(list(Struct)),
  enablePrometheusMerge: optional(Flag),
  verifyCertificateAtClient: optional(Flag),
  ca: optional(Struct),
  extensionProviders: optional(list(ExtensionProvider)),
  defaultProviders: optional(
    strict({
      tracing: optional(list(Text)),
      metrics: optional(list(Text)),
      accessLogging: optional(list(Text)),
    }),
  ),
  discoverySelectors: optional(list(LabelSelector)),
  pathNormalization: optional(
    strict({
      normalization: optional(
        oneOf("DEFAULT", "NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"),
      ),
    }),
  ),
  defaultHttpRetryPolicy: optional(HTTPRetry),
  /** What the proxy of a workload does with requests for it that fail, since Istio 1.31. */
  defaultInboundHttpRetryPolicy: optional(HTTPRetry),
  /** What DestinationRules leave open, of limits and outliers alone, since Istio 1.31. */
  defaultTrafficPolicy: optional(TrafficPolicy),
  meshMTLS: optional(TLSConfig),
  tlsDefaults: optional(TLSConfig),
  compliancePolicy: optional(Text),
  hboneIdleTimeout: optional(Duration),
});

/** The mesh configuration as a user writes it: any field may be absent. */
export type MeshConfigFields = ValueOf<typeof MeshConfigFields>;
