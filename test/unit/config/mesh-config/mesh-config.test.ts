import { describe, expect, it } from "vitest";
import { type MeshConfig, meshConfigOf } from "../../../../src/config/mesh-config/mesh-config.js";
import { parseOffline } from "../../../../src/config/parse-offline.js";
import { createDirectory, linesOf } from "../directory.js";

const configMap = (...lines: readonly string[]): string => `apiVersion: v1
kind: ConfigMap
metadata:
  name: istio
  namespace: istio-system
data:
  mesh: |-
${lines.map((line) => `    ${line}\n`).join("")}`;

const read = (...lines: readonly string[]): MeshConfig => {
  const snapshot = parseOffline([{ path: "m.yaml", text: configMap(...lines) }]);
  expect(snapshot.diagnostics).toEqual([]);
  return meshConfigOf(snapshot.tables.ConfigMap.get("istio-system/istio"));
};

const DEFAULTS = meshConfigOf(undefined);

describe("the mesh configuration", () => {
  it("is Istio's defaults without a ConfigMap, and with an empty one", () => {
    expect(DEFAULTS).toMatchObject({
      trustDomain: "cluster.local",
      enableAutoMtls: true,
      accessLogFile: "",
    });
    expect(read("# nothing")).toEqual(DEFAULTS);
    expect(read("{}")).toEqual(DEFAULTS);
  });

  it("is what the user wrote, over the defaults", () => {
    expect(
      read("trustDomain: example.org", "enableAutoMtls: off", "accessLogFile: /dev/stdout"),
    ).toEqual({
      ...DEFAULTS,
      trustDomain: "example.org",
      enableAutoMtls: false,
      accessLogFile: "/dev/stdout",
    });
  });

  it.each([
    [['tcpKeepalive: {probes: "3"}'], { tcpKeepalive: { probes: 3 } }],
    [
      ['defaultConfig: {tracing: {sampling: "12.5"}, proxyMetadata: {LIMIT: "5"}}'],
      {
        defaultConfig: {
          ...DEFAULTS.defaultConfig,
          tracing: { sampling: 12.5 },
          proxyMetadata: { LIMIT: "5" },
        },
      },
    ],
    [
      ['extensionProviders: [{name: check, envoyExtAuthzGrpc: {service: a.b, port: "9000"}}]'],
      {
        extensionProviders: [
          ...DEFAULTS.extensionProviders,
          { name: "check", envoyExtAuthzGrpc: { service: "a.b", port: 9000 } },
        ],
      },
    ],
  ])("takes numbers that are written as text: %j", (lines, expected) => {
    expect(read(...lines)).toMatchObject(expected);
  });

  it("takes the names that fields have in the .proto files", () => {
    const { extensionProviders, defaultConfig } = read(
      "default_config: {proxy_metadata: {MY_own: a}}",
      "extensionProviders:",
      "- name: otel",
      "  opentelemetry: {service: otel.example.com, port: 4317, resource_detectors: {environment: {}}}",
    );
    expect(defaultConfig.proxyMetadata).toEqual({ MY_own: "a" });
    expect(extensionProviders.find(({ name }) => name === "otel")?.opentelemetry).toEqual({
      service: "otel.example.com",
      port: 4317,
      resourceDetectors: { environment: {} },
    });
  });

  it("takes the name of the .proto files for no other field when a field is given by its own name", () => {
    const text = configMap("trustDomain: a.example", "trust_domain: b.example");
    const { diagnostics } = parseOffline([{ path: "m.yaml", text }]);
    expect(diagnostics.map(({ message }) => message)).toEqual([
      'unknown field "trust_domain" in the resource',
    ]);
  });

  it("takes no other texts for numbers", () => {
    const text = configMap('tcpKeepalive: {probes: "three"}');
    expect(parseOffline([{ path: "m.yaml", text }]).diagnostics).toMatchObject([
      { code: "wrong-type" },
    ]);
  });

  it.each([
    [
      ["outboundTrafficPolicy: {mode: REGISTRY_ONLY}"],
      { outboundTrafficPolicy: { mode: "REGISTRY_ONLY" } },
    ],
    [["outboundTrafficPolicy: {}"], { outboundTrafficPolicy: { mode: "REGISTRY_ONLY" } }],
    [["inboundTrafficPolicy: {mode: LOCALHOST}"], { inboundTrafficPolicy: { mode: "LOCALHOST" } }],
    [
      ["pathNormalization: {normalization: DEFAULT}"],
      { pathNormalization: { normalization: "BASE" } },
    ],
    [
      ["pathNormalization: {normalization: MERGE_SLASHES}"],
      { pathNormalization: { normalization: "MERGE_SLASHES" } },
    ],
    [["localityLbSetting: {enabled: false}"], { localityLbSetting: { enabled: false } }],
    [["defaultHttpRetryPolicy: {attempts: 0}"], { defaultHttpRetryPolicy: { attempts: 0 } }],
  ])("has %j", (lines, expected) => {
    expect(read(...lines)).toMatchObject(expected);
  });

  it("has the proxies' defaults by field, and their metadata by name", () => {
    const { defaultConfig } = read("defaultConfig: {concurrency: 3, proxyMetadata: {A: b}}");
    expect(defaultConfig).toEqual({
      ...DEFAULTS.defaultConfig,
      concurrency: 3,
      proxyMetadata: { A: "b" },
    });
  });

  it("has the providers that Istio has beside the user's, who may replace one", () => {
    const { extensionProviders } = read(
      "extensionProviders:",
      "- name: otel",
      "  opentelemetry: {service: otel.example.com, port: 4317}",
      "- name: envoy",
      "  envoyFileAccessLog: {path: /var/log/envoy}",
    );
    expect(extensionProviders).toEqual([
      { name: "prometheus", prometheus: {} },
      { name: "stackdriver", stackdriver: {} },
      { name: "envoy", envoyFileAccessLog: { path: "/var/log/envoy" } },
      { name: "otel", opentelemetry: { service: "otel.example.com", port: 4317 } },
    ]);
  });

  it("is not that of a ConfigMap of another name or namespace", () => {
    const other = configMap("trustDomain: 5").replace("name: istio\n", "name: other\n");
    expect(parseOffline([{ path: "m.yaml", text: other }]).diagnostics).toEqual([]);
  });
});

describe("an error in the mesh configuration", () => {
  it.each([
    ["a wrong type", "trustDomain: 5", "mesh/m.yaml:9:18 error wrong-type"],
    ["an unknown value", "accessLogEncoding: XML", "mesh/m.yaml:9:24 error unknown-value"],
    ["no duration", "connectTimeout: soon", "mesh/m.yaml:9:21 error invalid-duration"],
  ])("is found at its place in the text: %s", (_, line, expected) => {
    const snapshot = createDirectory().write({ "m.yaml": configMap("rootNamespace: root", line) });
    expect(linesOf(snapshot)).toEqual([`${expected} ConfigMap istio.istio-system`]);
  });

  it("is found at the text when that is no YAML", () => {
    const snapshot = createDirectory().write({ "m.yaml": configMap("a: 1", "b: [1, }") });
    expect(linesOf(snapshot)).toEqual([
      "mesh/m.yaml:9:12 error invalid-yaml ConfigMap istio.istio-system",
    ]);
  });

  it("leaves the configuration before in force", () => {
    const directory = createDirectory();
    directory.write({ "m.yaml": configMap("trustDomain: example.org") });
    const { tables } = directory.write({
      "m.yaml": configMap("trustDomain: example.com", "rootNamespace: 5"),
    });
    expect(meshConfigOf(tables.ConfigMap.get("istio-system/istio")).trustDomain).toBe(
      "example.org",
    );
  });

  it("is a warning in a provider, which is left out", () => {
    const snapshot = createDirectory().write({
      "m.yaml": configMap(
        "rootNamespace: root",
        "extensionProviders: [{name: a, envoyExtAuthzGrpc: {service: b}}, {name: b, prometheus: {}}]",
      ),
    });
    expect(linesOf(snapshot)).toEqual([
      "mesh/m.yaml:9:36 warning missing-field ConfigMap istio.istio-system",
    ]);
    const meshConfig = meshConfigOf(snapshot.tables.ConfigMap.get("istio-system/istio"));
    expect(meshConfig.extensionProviders.map(({ name }) => name)).toEqual([
      "prometheus",
      "stackdriver",
      "envoy",
      "b",
    ]);
    expect(meshConfig.rootNamespace).toBe("root");
  });

  it("is a warning when Istio does not know the field", () => {
    const directory = createDirectory();
    const snapshot = directory.write({
      "m.yaml": configMap("trustDomian: x", "rootNamespace: root"),
    });
    expect(linesOf(snapshot)).toEqual([
      "mesh/m.yaml:8:5 warning unknown-field ConfigMap istio.istio-system",
    ]);
    expect(snapshot.diagnostics[0]?.message).toContain('did you mean "trustDomain"');
    expect(meshConfigOf(snapshot.tables.ConfigMap.get("istio-system/istio")).rootNamespace).toBe(
      "root",
    );
  });
});

describe("the rules of the mesh configuration", () => {
  const found = (text: string): readonly string[] =>
    parseOffline([{ path: "m.yaml", text: configMap(text) }])
      .diagnostics.filter(({ code }) => code !== "not-applied")
      .map(({ severity, message }) => `${severity} ${message}`);

  it.each([
    "connectTimeout: 1h",
    "protocolDetectionTimeout: 0s",
    "defaultConfig: { drainDuration: 45s, discoveryAddress: 'istiod.istio-system.svc:15012' }",
    "defaultConfig: { discoveryAddress: '[::1]:15012', statusPort: 15020 }",
    "defaultConfig: { tracing: { datadog: { address: '$(HOST_IP):8126' } } }",
    "defaultConfig: { tracing: { tlsSettings: { mode: MUTUAL, clientCertificate: /a, privateKey: /b } } }",
    "defaultConfig: { privateKeyProvider: { cryptomb: { pollDelay: 10ms, fallback: true } } }",
    "tlsDefaults: { ecdhCurves: [P-256, X25519MLKEM768], cipherSuites: [ALL] }",
    "meshMTLS: { minProtocolVersion: TLSV1_3, cipherSuites: [ECDHE-RSA-AES128-GCM-SHA256] }",
    "trustDomain: example.1.",
    "zoneAwareLbSetting: { enabled: true, failover: [{ from: a, to: b }], minClusterSize: 6 }",
    "defaultInboundHttpRetryPolicy: { attempts: 0 }",
    "defaultTrafficPolicy: { connectionPool: { tcp: { maxConnections: 9 } }, outlierDetection: {} }",
    "serviceSettings: [{ settings: { clusterLocal: true }, hosts: ['*.a.b', c] }]",
    "extensionProviders: [{ name: a, zipkin: { service: ns/zipkin.ns.svc.cluster.local, port: 9411 } }]",
    "extensionProviders: [{ name: a, opentelemetry: { service: 10.0.0.1, port: 4317, grpc: {} } }]",
    `accessLogFormat: '%START_TIME(%s)% %REQ_WITHOUT_QUERY(:path):80% 100%%'`,
    `{ accessLogEncoding: JSON, accessLogFormat: '{ "a": { "b": ["%PROTOCOL%", 5] } }' }`,
    "extensionProviders: [{ name: a, envoyFileAccessLog: { logFormat: { text: '%PATH%' }, omitEmptyValues: true } }]",
  ])("take %s", (text) => {
    expect(found(text)).toEqual([]);
  });

  it.each([
    ["proxyListenPort: 0", "out of range"],
    ["connectTimeout: 61m", "too long"],
    [
      "accessLogFormat: '%RESPONSE_CODES%'",
      'no command %RESPONSE_CODES% .did you mean "RESPONSE_CODE"',
    ],
    ["accessLogFormat: '%REQ(:path'", "at character 1"],
    [`{ accessLogEncoding: JSON, accessLogFormat: '{ "a": ["%REQ%"] }' }`, "%REQ% needs"],
    ["connectTimeout: 0s", "too short"],
    ["tcpKeepalive: { interval: 1193047h }", "too long"],
    ["connectTimeout: 1.5ms", "too precise"],
    ["protocolDetectionTimeout: 1us", "too short"],
    ["defaultConfig: { configPath: '' }", "is empty"],
    ["defaultConfig: { binaryPath: '' }", "is empty"],
    ["defaultConfig: { serviceCluster: '' }", "is empty"],
    ["defaultConfig: { drainDuration: 1500ms }", "too precise"],
    ["defaultConfig: { drainDuration: 0s }", "too short"],
    ["defaultConfig: { controlPlaneAuthPolicy: INHERIT }", "no policy"],
    ["defaultConfig: { proxyAdminPort: 0 }", "out of range"],
    ["defaultConfig: { discoveryAddress: istiod }", "no address"],
    ["defaultConfig: { discoveryAddress: '' }", "is empty"],
    ["defaultConfig: { discoveryAddress: 'istio_d:15012' }", "no domain name"],
    ["defaultConfig: { statsdUdpAddress: 'a:0' }", "out of range"],
    ["defaultConfig: { envoyMetricsService: { address: ':80' } }", "no address"],
    ["defaultConfig: { envoyAccessLogService: { address: 'a:b' } }", "no address"],
    ["defaultConfig: { tracing: { zipkin: { address: a } } }", "no address"],
    ["defaultConfig: { tracing: { datadog: {} } }", "no address"],
    ["defaultConfig: { tracing: { lightstep: { address: 'a', accessToken: b } } }", "no address"],
    ["defaultConfig: { tracing: { lightstep: { address: 'a:1' } } }", "needs an accessToken"],
    [
      "defaultConfig: { tracing: { tlsSettings: { mode: MUTUAL, privateKey: /b } } }",
      "needs clientCertificate",
    ],
    [
      "defaultConfig: { tracing: { tlsSettings: { credentialName: 'configmap://a/b' } } }",
      "of a namespace",
    ],
    ["defaultConfig: { privateKeyProvider: {} }", "give one of cryptomb, qat"],
    [
      "defaultConfig: { privateKeyProvider: { cryptomb: { pollDelay: 1s }, qat: { pollDelay: 1s } } }",
      "excludes cryptomb",
    ],
    ["defaultConfig: { privateKeyProvider: { qat: {} } }", "needs a pollDelay"],
    ["defaultConfig: { privateKeyProvider: { qat: { pollDelay: 0s } } }", "needs a pollDelay"],
    ["zoneAwareLbSetting: { failover: [{ from: a, to: a }] }", "stand in for itself"],
    ["defaultInboundHttpRetryPolicy: { attempts: 1, retryOn: often }", "no condition to retry on"],
    ["defaultTrafficPolicy: { connectionPool: {} }", "says nothing"],
    ["defaultTrafficPolicy: { outlierDetection: { interval: 0s } }", "too short"],
    ["meshMTLS: { ecdhCurves: [P-256] }", "only tlsDefaults"],
    ["trustDomain: a_b", "no trust domain"],
    ["trustDomainAliases: [a, '.']", "no trust domain"],
    ["serviceSettings: [{ hosts: [a.*] }]", "no domain name"],
  ])("refuse %s", (text, problem) => {
    expect(found(text)).toEqual([expect.stringMatching(`^error .*${problem}`)]);
  });

  it.each([
    ["defaultConfig: { proxyMetadata: { ISTIO_META_DNS_AUTO_ALLOCATE: 'true' } }", "is deprecated"],
    ["tlsDefaults: { ecdhCurves: [P-257] }", "no curve.*left out"],
    ["tlsDefaults: { ecdhCurves: [P-224] }", "no curve"],
    ["tlsDefaults: { cipherSuites: [RC4-SHA] }", "no cipher suite"],
    ["meshMTLS: { cipherSuites: [RC4-SHA] }", "no cipher suite"],
    ["meshMTLS: { cipherSuites: [AES128-SHA, AES128-SHA] }", "there twice"],
    ["tlsDefaults: { ecdhCurves: [P-256, P-256] }", "there twice"],
    [
      "extensionProviders: [{ name: a, prometheus: {} }, { name: a, prometheus: {} }]",
      "duplicate provider",
    ],
    ["{ accessLogEncoding: JSON, accessLogFormat: '%PROTOCOL%' }", "a JSON object: Istio's own"],
    [
      "extensionProviders: [{ name: a, envoyFileAccessLog: { logFormat: { text: '%NO%' } } }]",
      "no command %NO%",
    ],
    [
      "extensionProviders: [{ name: a, envoyFileAccessLog: { logFormat: { labels: { b: '%' } } } }]",
      "at character 1",
    ],
    ["extensionProviders: [{ name: a }]", "provider is none"],
    ["extensionProviders: [{ name: a, prometheus: {}, stackdriver: {} }]", "excludes"],
    ["extensionProviders: [{ name: a, zipkin: { service: a_b, port: 1 } }]", "no domain name"],
    ["extensionProviders: [{ name: a, zipkin: { service: ns/a, port: 1 } }]", "short name"],
    [
      "extensionProviders: [{ name: a, opentelemetry: { service: b, port: 1, http: { path: / }, grpc: {} } }]",
      "excludes http",
    ],
    [
      "extensionProviders: [{ name: a, lightstep: { service: b, port: 1 } }]",
      "needs an accessToken",
    ],
    [
      "defaultConfig: { proxyMetadata: { ISTIO_META_IDLE_TIMEOUT: half an hour } }",
      '"half an hour" is no length of time such as 5m, or 0s for ever: it is left out',
    ],
    [
      "defaultConfig: { proxyMetadata: { ISTIO_META_IDLE_TIMEOUT: -5s } }",
      '"-5s" is no length of time',
    ],
    [
      "defaultConfig: { proxyMetadata: { ISTIO_META_INBOUND_LISTENER_EXACT_BALANCE: 'yes' } }",
      '"yes" is neither "true" nor "false"',
    ],
  ])("find doubtful %s", (text, problem) => {
    expect(found(text)).toEqual([expect.stringMatching(`^warning .*${problem}`)]);
  });
});

describe("what the mesh configuration asks for and is not done", () => {
  const found = (text: string): readonly string[] =>
    parseOffline([{ path: "m.yaml", text: configMap(text) }]).diagnostics.map(
      ({ severity, code, message }) => `${severity} ${code} ${message}`,
    );

  it.each([
    ["proxyListenPort: 15101", "another proxyListenPort than 15001"],
    ["proxyInboundListenPort: 15106", "another proxyInboundListenPort than 15006"],
    ["enableEnvoyAccessLogService: true", "enableEnvoyAccessLogService"],
    [
      "extensionProviders: [{ name: a, opentelemetry: { service: a.b, port: 1, dynatraceSampler: { tenant: a } } }]",
      "dynatraceSampler",
    ],
    [
      "extensionProviders: [{ name: a, opentelemetry: { service: a.b, port: 1, http: { path: /a, headers: [{ name: a, envName: B }] } } }]",
      "envName",
    ],
    [
      "defaultConfig: { tracing: { datadog: { address: 'a:8126' } } }",
      "a tracer of a proxy's own, other than the mesh's for Zipkin or Lightstep,",
    ],
    ["defaultConfig: { runtimeValues: { a: b } }", "runtimeValues"],
    ["serviceScopeConfigs: [{ scope: GLOBAL }]", "serviceScopeConfigs"],
    ["hboneIdleTimeout: 1h", "hboneIdleTimeout"],
    ["zoneAwareLbSetting: {}", "in zoneAwareLbSetting the zone of the caller, unlike its region,"],
    [
      "defaultInboundHttpRetryPolicy: { attempts: 1, retryRemoteLocalities: true }",
      "retryRemoteLocalities",
    ],
    ["defaultTrafficPolicy: { tls: { mode: DISABLE } }", "tls"],
    [
      "defaultTrafficPolicy: { connectionPool: { tcp: { idleTimeout: 1h } } }",
      "idleTimeout for connections that are not HTTP (a DestinationRule says it of a host)",
    ],
    [
      "defaultTrafficPolicy: { connectionPool: { tcp: { maxConnectionDuration: 1h } } }",
      "maxConnectionDuration for connections that are not HTTP (a DestinationRule says it of a host)",
    ],
    [
      "verifyCertificateAtClient: false",
      "not to verify servers (a DestinationRule says so of one, by insecureSkipVerify)",
    ],
    [
      "defaultConfig: { proxyMetadata: { ISTIO_META_TLS_SERVER_KEY: /etc/key.pem } }",
      "the node metadata TLS_SERVER_KEY",
    ],
  ])("is warned of: %s", (text, what) => {
    expect(found(text)).toEqual([`warning not-applied ${what} has no effect in fairlead`]);
  });

  it.each([
    "proxyListenPort: 15001",
    "proxyInboundListenPort: 15006",
    "enableEnvoyAccessLogService: false",
    "outboundClusterStatName: '%SERVICE%'",
    "defaultConfig: { extraStatTags: [a], proxyStatsMatcher: { inclusionPrefixes: [a] } }",
    "discoverySelectors: [{ matchLabels: { a: b } }]",
    "defaultInboundHttpRetryPolicy: { attempts: 1 }",
    "defaultTrafficPolicy: { outlierDetection: {}, connectionPool: { tcp: {} } }",
    "verifyCertificateAtClient: true",
    "defaultConfig: { proxyMetadata: { ISTIO_META_IDLE_TIMEOUT: 5s, TLS_SERVER_KEY: a } }",
    "defaultConfig: { proxyMetadata: { ISTIO_META_IDLE_TIMEOUT: 0s, ISTIO_META_OUTBOUND_LISTENER_EXACT_BALANCE: 'false' } }",
    "defaultProviders: { metrics: [prometheus] }",
    "defaultConfig: { tracing: { sampling: 1 }, runtimeValues: {}, discoveryAddress: 'a:15012' }",
  ])("is not in %s", (text) => {
    expect(found(text)).toEqual([]);
  });
});

describe("the networks of the mesh", () => {
  const found = (networks: string): readonly string[] =>
    parseOffline([
      {
        path: "m.yaml",
        text: `${configMap("{}")}  meshNetworks: |-\n    networks: { one: ${networks} }\n`,
      },
    ]).diagnostics.map(({ severity, message }) => `${severity} ${message}`);

  it.each([
    "{ endpoints: [{ fromCidr: 10.0.0.0/8 }, { fromRegistry: east }] }",
    "{ gateways: [{ address: 1.2.3.4, port: 15443 }, { address: '::1', port: 15443 }] }",
    "{ gateways: [{ registryServiceName: gw.istio-system.svc.cluster.local, port: 15443 }] }",
  ])("can be %s", (networks) => {
    expect(found(networks)).toEqual([]);
  });

  it.each([
    ["{ endpoints: [{ fromCidr: 10.0.0.0/33 }] }", "no range of IP addresses"],
    ["{ endpoints: [{ fromRegistry: a.b }] }", "no name of a cluster"],
    ["{ endpoints: [{ fromCidr: ::1, fromRegistry: a }] }", "excludes fromCidr"],
    ["{ gateways: [{ registryServiceName: a_b, port: 1 }] }", "no domain name"],
    ["{ gateways: [{ address: a_b, port: 1 }] }", "no domain name"],
    ["{ gateways: [{ address: 1.2.3.4 }] }", "port 0 is out of range"],
    ["{ gateways: [{ address: a.b, port: 1 }] }", "a gateway by name"],
    ["{ gateway: [] }", "unknown field"],
  ])("are doubtful as %s", (networks, problem) => {
    expect(found(networks)).toEqual([expect.stringMatching(`^warning .*${problem}`)]);
  });
});
