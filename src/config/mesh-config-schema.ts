import { type Static, Type } from "typebox";
import { extensionProviderSchema } from "./extension-provider.js";

const strings = () => Type.Array(Type.String());
const stringMap = () => Type.Record(Type.String(), Type.String());
const port = () => Type.Integer({ minimum: 0, maximum: 65535 });
/** A span of time as Istio writes it: `10s`, `1h30m`, `0.25s`. */
const duration = () =>
  Type.String({ pattern: "^(0|([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|ms|s|m|h))+$" });
/** Fields that are taken as they are, because nothing here reads them yet takes part in what proxies get. */
const opaque = () => Type.Unknown();

const labelSelector = Type.Object({
  matchLabels: Type.Optional(stringMap()),
  matchExpressions: Type.Optional(
    Type.Array(
      Type.Object({
        key: Type.String(),
        operator: Type.Enum(["In", "NotIn", "Exists", "DoesNotExist"]),
        values: Type.Optional(strings()),
      }),
    ),
  ),
});

const tcpKeepalive = Type.Object({
  probes: Type.Optional(Type.Integer({ minimum: 0 })),
  time: Type.Optional(duration()),
  interval: Type.Optional(duration()),
});

const httpRetry = Type.Object({
  attempts: Type.Optional(Type.Integer({ minimum: 0 })),
  retryOn: Type.Optional(Type.String()),
  retryRemoteLocalities: Type.Optional(Type.Boolean()),
  retryIgnorePreviousHosts: Type.Optional(Type.Boolean()),
  backoff: Type.Optional(duration()),
});

const localityLbSetting = Type.Object({
  distribute: Type.Optional(
    Type.Array(
      Type.Object({
        from: Type.String(),
        to: Type.Record(Type.String(), Type.Integer({ minimum: 0, maximum: 100 })),
      }),
    ),
  ),
  failover: Type.Optional(Type.Array(Type.Object({ from: Type.String(), to: Type.String() }))),
  failoverPriority: Type.Optional(strings()),
  enabled: Type.Optional(Type.Boolean()),
});

const tlsDefaults = Type.Object({
  minProtocolVersion: Type.Optional(Type.Enum(["TLS_AUTO", "TLSV1_2", "TLSV1_3"])),
  ecdhCurves: Type.Optional(strings()),
  cipherSuites: Type.Optional(strings()),
});

const certificateData = Type.Object({
  pem: Type.Optional(Type.String()),
  spiffeBundleUrl: Type.Optional(Type.String()),
  certSigners: Type.Optional(strings()),
  trustDomains: Type.Optional(strings()),
});

const gatewayTopology = Type.Object({
  numTrustedProxies: Type.Optional(Type.Integer({ minimum: 0 })),
  forwardClientCertDetails: Type.Optional(
    Type.Enum([
      "UNDEFINED",
      "SANITIZE",
      "FORWARD_ONLY",
      "APPEND_FORWARD",
      "SANITIZE_SET",
      "ALWAYS_FORWARD_ONLY",
    ]),
  ),
  proxyProtocol: Type.Optional(Type.Object({})),
});

/** The schema of `defaultConfig`, the settings of a single proxy. See Istio's ProxyConfig (mesh/v1alpha1). */
export const proxyConfigSchema = Type.Object({
  configPath: Type.Optional(Type.String()),
  binaryPath: Type.Optional(Type.String()),
  serviceCluster: Type.Optional(Type.String()),
  tracingServiceName: Type.Optional(
    Type.Enum(["APP_LABEL_AND_NAMESPACE", "CANONICAL_NAME_ONLY", "CANONICAL_NAME_AND_NAMESPACE"]),
  ),
  drainDuration: Type.Optional(duration()),
  parentShutdownDuration: Type.Optional(duration()),
  terminationDrainDuration: Type.Optional(duration()),
  discoveryAddress: Type.Optional(Type.String()),
  discoveryRefreshDelay: Type.Optional(duration()),
  zipkinAddress: Type.Optional(Type.String()),
  statsdUdpAddress: Type.Optional(Type.String()),
  envoyMetricsServiceAddress: Type.Optional(Type.String()),
  proxyAdminPort: Type.Optional(port()),
  availabilityZone: Type.Optional(Type.String()),
  controlPlaneAuthPolicy: Type.Optional(Type.Enum(["NONE", "MUTUAL_TLS", "INHERIT"])),
  customConfigFile: Type.Optional(Type.String()),
  statNameLength: Type.Optional(Type.Integer({ minimum: 0 })),
  concurrency: Type.Optional(Type.Integer({ minimum: 0 })),
  proxyBootstrapTemplatePath: Type.Optional(Type.String()),
  interceptionMode: Type.Optional(Type.Enum(["REDIRECT", "TPROXY", "NONE"])),
  tracing: Type.Optional(
    Type.Object({
      zipkin: Type.Optional(Type.Object({ address: Type.Optional(Type.String()) })),
      lightstep: Type.Optional(opaque()),
      datadog: Type.Optional(Type.Object({ address: Type.Optional(Type.String()) })),
      stackdriver: Type.Optional(opaque()),
      openCensusAgent: Type.Optional(opaque()),
      customTags: Type.Optional(opaque()),
      maxPathTagLength: Type.Optional(Type.Integer({ minimum: 0 })),
      sampling: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
      tlsSettings: Type.Optional(opaque()),
      enableIstioTags: Type.Optional(Type.Boolean()),
    }),
  ),
  sds: Type.Optional(opaque()),
  envoyAccessLogService: Type.Optional(opaque()),
  envoyMetricsService: Type.Optional(opaque()),
  proxyMetadata: Type.Optional(stringMap()),
  runtimeValues: Type.Optional(stringMap()),
  statusPort: Type.Optional(port()),
  extraStatTags: Type.Optional(strings()),
  gatewayTopology: Type.Optional(gatewayTopology),
  meshId: Type.Optional(Type.String()),
  readinessProbe: Type.Optional(opaque()),
  proxyStatsMatcher: Type.Optional(
    Type.Object({
      inclusionPrefixes: Type.Optional(strings()),
      inclusionSuffixes: Type.Optional(strings()),
      inclusionRegexps: Type.Optional(strings()),
    }),
  ),
  holdApplicationUntilProxyStarts: Type.Optional(Type.Boolean()),
  caCertificatesPem: Type.Optional(strings()),
  image: Type.Optional(opaque()),
  privateKeyProvider: Type.Optional(opaque()),
  proxyHeaders: Type.Optional(opaque()),
  fileFlushInterval: Type.Optional(duration()),
  fileFlushMinSizeKb: Type.Optional(Type.Integer({ minimum: 0 })),
  statsEvictionInterval: Type.Optional(duration()),
  statsCompression: Type.Optional(Type.Boolean()),
});

/** The settings of a single proxy, as `defaultConfig` or the annotation `proxy.istio.io/config` has them. */
export type ProxyConfig = Static<typeof proxyConfigSchema>;

/** The schema of `data.mesh`. Every field is optional. See Istio's MeshConfig (mesh/v1alpha1). */
export const meshConfigSchema = Type.Object({
  proxyListenPort: Type.Optional(port()),
  proxyInboundListenPort: Type.Optional(port()),
  proxyHttpPort: Type.Optional(port()),
  connectTimeout: Type.Optional(duration()),
  protocolDetectionTimeout: Type.Optional(duration()),
  tcpKeepalive: Type.Optional(tcpKeepalive),
  ingressClass: Type.Optional(Type.String()),
  ingressService: Type.Optional(Type.String()),
  ingressControllerMode: Type.Optional(Type.Enum(["UNSPECIFIED", "OFF", "DEFAULT", "STRICT"])),
  ingressSelector: Type.Optional(Type.String()),
  enableTracing: Type.Optional(Type.Boolean()),
  accessLogFile: Type.Optional(Type.String()),
  accessLogFormat: Type.Optional(Type.String()),
  accessLogEncoding: Type.Optional(Type.Enum(["TEXT", "JSON"])),
  enableEnvoyAccessLogService: Type.Optional(Type.Boolean()),
  disableEnvoyListenerLog: Type.Optional(Type.Boolean()),
  defaultConfig: Type.Optional(proxyConfigSchema),
  outboundTrafficPolicy: Type.Optional(
    Type.Object({ mode: Type.Optional(Type.Enum(["REGISTRY_ONLY", "ALLOW_ANY"])) }),
  ),
  inboundTrafficPolicy: Type.Optional(
    Type.Object({ mode: Type.Optional(Type.Enum(["PASSTHROUGH", "LOCALHOST"])) }),
  ),
  configSources: Type.Optional(opaque()),
  enableAutoMtls: Type.Optional(Type.Boolean()),
  trustDomain: Type.Optional(Type.String({ minLength: 1 })),
  trustDomainAliases: Type.Optional(strings()),
  caCertificates: Type.Optional(Type.Array(certificateData)),
  defaultServiceExportTo: Type.Optional(strings()),
  defaultVirtualServiceExportTo: Type.Optional(strings()),
  defaultDestinationRuleExportTo: Type.Optional(strings()),
  rootNamespace: Type.Optional(Type.String({ minLength: 1 })),
  localityLbSetting: Type.Optional(localityLbSetting),
  dnsRefreshRate: Type.Optional(duration()),
  h2UpgradePolicy: Type.Optional(Type.Enum(["DO_NOT_UPGRADE", "UPGRADE"])),
  inboundClusterStatName: Type.Optional(Type.String()),
  outboundClusterStatName: Type.Optional(Type.String()),
  certificates: Type.Optional(opaque()),
  serviceSettings: Type.Optional(
    Type.Array(
      Type.Object({
        settings: Type.Optional(Type.Object({ clusterLocal: Type.Optional(Type.Boolean()) })),
        hosts: Type.Optional(strings()),
      }),
    ),
  ),
  serviceScopeConfigs: Type.Optional(opaque()),
  enablePrometheusMerge: Type.Optional(Type.Boolean()),
  verifyCertificateAtClient: Type.Optional(Type.Boolean()),
  ca: Type.Optional(opaque()),
  extensionProviders: Type.Optional(Type.Array(extensionProviderSchema)),
  defaultProviders: Type.Optional(
    Type.Object({
      tracing: Type.Optional(strings()),
      metrics: Type.Optional(strings()),
      accessLogging: Type.Optional(strings()),
    }),
  ),
  discoverySelectors: Type.Optional(Type.Array(labelSelector)),
  pathNormalization: Type.Optional(
    Type.Object({
      normalization: Type.Optional(
        Type.Enum(["DEFAULT", "NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"]),
      ),
    }),
  ),
  defaultHttpRetryPolicy: Type.Optional(httpRetry),
  meshMTLS: Type.Optional(tlsDefaults),
  tlsDefaults: Type.Optional(tlsDefaults),
  compliancePolicy: Type.Optional(Type.String()),
  hboneIdleTimeout: Type.Optional(duration()),
});

/** The mesh configuration as a user writes it: any field may be absent. */
export type MeshConfigFields = Static<typeof meshConfigSchema>;
