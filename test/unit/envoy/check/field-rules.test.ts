import { create, type DescMessage } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { createMessageCheck } from "../../../../src/envoy/check/message-check.js";
import { createRuleOptions } from "../../../../src/envoy/check/rule-options.js";
import { UnknownRuleError, valueRule } from "../../../../src/envoy/check/value-rules.js";
import { packed, refusals, registry } from "./api.js";

interface Row {
  readonly type: string;
  /** The rules that are tried, as `kind.rule`. */
  readonly rules: readonly string[];
  readonly refused: object;
  readonly because: string;
  readonly taken: readonly object[];
}

const CORE = "envoy.config.core.v3";
const ROUTE = "envoy.config.route.v3";
const CLUSTER = "envoy.config.cluster.v3.Cluster";

const chosen = (routes: object): object => ({ match: { prefix: "/" }, ...routes });

const ROWS: readonly Row[] = [
  {
    type: `${CORE}.Pipe`,
    rules: ["string.minLen"],
    refused: {},
    because: 'path: "" must not be empty',
    taken: [{ path: "/x" }],
  },
  {
    type: "envoy.extensions.filters.common.jwks.v3.JwtHandshakeValidator",
    rules: ["string.maxLen"],
    refused: { issuer: "😀".repeat(1025) },
    because: "issuer: ",
    taken: [{ issuer: "😀".repeat(1024), localJwks: { inlineString: "{}" } }],
  },
  {
    type: `${CORE}.KeyValue`,
    rules: ["string.maxBytes"],
    refused: { key: "é".repeat(8193), value: "" },
    because: "key: ",
    taken: [{ key: "é".repeat(8192), value: "" }],
  },
  {
    type: "source.extensions.tracers.xray.daemon.Segment",
    rules: ["string.len"],
    refused: { traceId: "1", name: "n", id: "i", startTime: 1 },
    because: 'trace_id: "1" must have 35 characters',
    taken: [],
  },
  {
    type: `${ROUTE}.RouteMatch`,
    rules: ["string.pattern"],
    refused: { pathSeparatedPrefix: "/a/" },
    because: 'path_separated_prefix: "/a/" must match ^[^?#]+[^?#/]$',
    taken: [{ pathSeparatedPrefix: "/a" }, { prefix: "/a/" }],
  },
  {
    type: `${ROUTE}.RateLimit.HitsAddend`,
    rules: ["string.prefix", "string.suffix", "string.ignoreEmpty"],
    refused: { format: "REQ(x)%" },
    because: 'format: "REQ(x)%" must begin with "%"',
    taken: [{}, { format: "%REQ(x)%" }],
  },
  {
    type: `${CORE}.SchemeHeaderTransformation`,
    rules: ["string.in"],
    refused: { schemeToOverwrite: "ftp" },
    because: 'scheme_to_overwrite: "ftp" must be one of "http", "https"',
    taken: [{ schemeToOverwrite: "https" }],
  },
  {
    type: `${CORE}.HeaderValue`,
    rules: ["string.wellKnownRegex", "string.strict"],
    refused: { key: "a\nb" },
    because: 'key: "a\\nb" must not have the characters NUL, LF or CR',
    taken: [{ key: "a b\u0001é" }],
  },
  {
    type: "envoy.extensions.http.original_ip_detection.custom_header.v3.CustomHeaderConfig",
    rules: ["string.wellKnownRegex"],
    refused: { headerName: "a b" },
    because: 'header_name: "a b" must be the name of a header',
    taken: [{ headerName: "x-real_ip" }],
  },
  {
    type: `${CORE}.HeaderValue`,
    rules: ["bytes.maxLen", "bytes.minLen"],
    refused: { key: "a", rawValue: Buffer.alloc(16385).toString("base64") },
    because: "raw_value: must have at most 16384 bytes",
    taken: [{ key: "a", rawValue: "" }],
  },
  {
    type: "envoy.config.listener.v3.ListenerFilterChainMatchPredicate",
    rules: ["bool.const"],
    refused: { anyMatch: false },
    because: 'any_match: "false" must be true',
    taken: [{ anyMatch: true }],
  },
  {
    type: `${CLUSTER}.PreconnectPolicy`,
    rules: ["double.gte", "double.lte"],
    refused: { perUpstreamPreconnectRatio: 3.5 },
    because: 'per_upstream_preconnect_ratio: "3.5" must be at most 3',
    taken: [{}, { perUpstreamPreconnectRatio: 1 }, { perUpstreamPreconnectRatio: 3 }],
  },
  {
    type: `${CORE}.RateLimitSettings`,
    rules: ["double.gt"],
    refused: { fillRate: 0 },
    because: 'fill_rate: "0" must be greater than 0',
    taken: [{ fillRate: 0.1 }],
  },
  {
    type: "envoy.extensions.load_balancing_policies.load_aware_locality.v3.LoadAwareLocality",
    rules: ["double.lt"],
    refused: { remoteProbeFraction: 1 },
    because: 'remote_probe_fraction: "1" must be less than 1',
    taken: [],
  },
  {
    type: `${ROUTE}.DirectResponseAction`,
    rules: ["uint32.gte", "uint32.lt"],
    refused: { status: 600 },
    because: 'status: "600" must be less than 600',
    taken: [{ status: 200 }, { status: 599 }],
  },
  {
    type: "envoy.extensions.filters.http.ext_authz.v3.ShadowDecision",
    rules: ["uint32.gte", "uint32.ignoreEmpty"],
    refused: { statusCode: 99 },
    because: 'status_code: "99" must be at least ',
    taken: [{}],
  },
  {
    type: `${CORE}.SocketAddress`,
    rules: ["uint32.lte"],
    refused: { address: "::1", portValue: 65536 },
    because: 'port_value: "65536" must be at most 65535',
    taken: [{ address: "::1", portValue: 0 }],
  },
  {
    type: "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster.ClusterWeight",
    rules: ["uint32.gte"],
    refused: { name: "a" },
    because: 'weight: "0" must be at least 1',
    taken: [{ name: "a", weight: 1 }],
  },
  {
    type: `${CORE}.AlternateProtocolsCacheOptions`,
    rules: ["uint32.gt"],
    refused: { name: "a", maxEntries: 0 },
    because: 'max_entries: "0" must be greater than 0',
    taken: [{ name: "a" }, { name: "a", maxEntries: 1 }],
  },
  {
    type: `${CLUSTER}.RingHashLbConfig`,
    rules: ["uint64.lte"],
    refused: { minimumRingSize: "8388609" },
    because: 'minimum_ring_size: "8388609" must be at most 8388608',
    taken: [{}, { minimumRingSize: "8388608" }],
  },
  {
    type: `${CORE}.UdpSocketConfig`,
    rules: ["uint64.gt", "uint64.lt"],
    refused: { maxRxDatagramSize: "65536" },
    because: 'max_rx_datagram_size: "65536" must be less than 65536',
    taken: [{ maxRxDatagramSize: "65535" }],
  },
  {
    type: "envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig",
    rules: ["int32.gt"],
    refused: { updateFrequency: -1 },
    because: 'update_frequency: "-1" must be greater than 0',
    taken: [{ updateFrequency: 2 }],
  },
  {
    type: CLUSTER,
    rules: ["duration.gt"],
    refused: { name: "c", connectTimeout: "0s" },
    because: 'connect_timeout: "0s" must be greater than 0s',
    taken: [{ name: "c" }, { name: "c", connectTimeout: "0.001s" }],
  },
  {
    type: `${CORE}.HttpUri`,
    rules: ["duration.lt", "duration.required"],
    refused: { uri: "http://a", cluster: "a", timeout: "4294967296s" },
    because: 'timeout: "4294967296s" must be less than 4294967296s',
    taken: [{ uri: "http://a", cluster: "a", timeout: "4294967295s" }],
  },
  {
    type: `${CORE}.HttpUri`,
    rules: ["duration.required"],
    refused: { uri: "http://a", cluster: "a" },
    because: "timeout: must be set",
    taken: [],
  },
  {
    type: `${CORE}.QuicKeepAliveSettings`,
    rules: ["duration.lte", "duration.gte"],
    refused: { initialInterval: "0.000900s" },
    because: 'initial_interval: "0.000900s" must be at most 0s or at least 0.001s',
    taken: [{}, { initialInterval: "0s" }, { initialInterval: "0.001s" }],
  },
  {
    type: CLUSTER,
    rules: ["enum.definedOnly"],
    refused: { name: "c", lbPolicy: 99 },
    because: 'lb_policy: "99" must be one of ROUND_ROBIN, LEAST_REQUEST, RING_HASH, RANDOM, ',
    taken: [{ name: "c", lbPolicy: "RANDOM" }],
  },
  {
    type: `${CORE}.HealthCheck.HttpHealthCheck`,
    rules: ["enum.notIn"],
    refused: { path: "/", method: "CONNECT" },
    because: 'method: "6" must be one of METHOD_UNSPECIFIED, GET, ',
    taken: [{ path: "/", method: "HEAD" }],
  },
  {
    type: `${CORE}.HealthStatusSet`,
    rules: ["repeated.items.enum.definedOnly"],
    refused: { statuses: ["HEALTHY", 77] },
    because: 'statuses[1]: "77" must be one of UNKNOWN, ',
    taken: [{ statuses: ["HEALTHY"] }],
  },
  {
    type: "envoy.config.listener.v3.FilterChainMatch",
    rules: ["repeated.items.uint32.gte", "repeated.items.uint32.lte"],
    refused: { sourcePorts: [1, 65536] },
    because: 'source_ports[1]: "65536" must be at most 65535',
    taken: [{ sourcePorts: [] }, { sourcePorts: [65535] }],
  },
  {
    type: `${ROUTE}.WeightedCluster`,
    rules: ["repeated.minItems"],
    refused: {},
    because: "clusters: must have at least one element",
    taken: [{ clusters: [{ name: "a", weight: 1 }] }],
  },
  {
    type: `${ROUTE}.Route`,
    rules: ["repeated.maxItems"],
    refused: chosen({
      nonForwardingAction: {},
      requestHeadersToAdd: Array.from({ length: 1001 }, () => ({ header: { key: "a" } })),
    }),
    because: "request_headers_to_add: must have at most 1000 elements",
    taken: [chosen({ nonForwardingAction: {} })],
  },
  {
    type: `${ROUTE}.InternalRedirectPolicy`,
    rules: ["repeated.unique"],
    refused: { responseHeadersToCopy: ["a", "b", "a"] },
    because: "response_headers_to_copy: must not have an element twice",
    taken: [{ responseHeadersToCopy: ["a", "b"] }],
  },
  {
    type: "envoy.config.common.matcher.v3.Matcher.MatcherTree.MatchMap",
    rules: ["map.minPairs"],
    refused: {},
    because: "map: must have at least one entry",
    taken: [],
  },
  {
    type: `${CORE}.Metadata`,
    rules: ["map.keys.string.minLen"],
    refused: { filterMetadata: { "": { a: 1 } } },
    because: 'filter_metadata[""]: "" must not be empty',
    taken: [{ filterMetadata: { a: { any: [1, null, "thing"] } } }],
  },
  {
    type: "xds.data.orca.v3.OrcaLoadReport",
    rules: ["map.values.double.lte"],
    refused: { utilization: { cpu: 1.5 } },
    because: 'utilization["cpu"]: "1.5" must be at most 1',
    taken: [{ utilization: { cpu: 0.5 } }],
  },
  {
    type: `${CORE}.ExtraSourceAddress`,
    rules: ["message.required"],
    refused: {},
    because: "address: must be set",
    taken: [{ address: { address: "10.0.0.1", portValue: 0 } }],
  },
  {
    type: `${CORE}.KeyValueAppend`,
    rules: ["message.skip"],
    refused: { action: 9 },
    because: 'action: "9" must be one of ',
    taken: [{ entry: { key: "" } }],
  },
  {
    type: `${CORE}.TypedExtensionConfig`,
    rules: ["any.required"],
    refused: { name: "a" },
    because: "typed_config: must be set",
    taken: [{ name: "a", typedConfig: packed(`${CORE}.Pipe`, { path: "/a" }) }],
  },
];

describe.each(ROWS)("$rules of $type", ({ type, refused, because, taken }) => {
  test("is enforced", () => {
    const found = refusals(type, refused);
    expect(found.filter((text) => text.startsWith(because))).toHaveLength(1);
  });

  test("lets pass what keeps it", () => {
    expect(taken.flatMap((json) => refusals(type, json))).toEqual([]);
  });
});

/** All message types of the API. */
function allTypes(): readonly DescMessage[] {
  const withNested = (schema: DescMessage): readonly DescMessage[] => [
    schema,
    ...schema.nestedMessages.flatMap(withNested),
  ];
  return [...registry.files].flatMap((file) => file.messages.flatMap(withNested));
}

/** The names of all rules in an object of rules, as `kind.rule`. */
function namesIn(rules: object, prefix = ""): readonly string[] {
  return Object.entries(rules).flatMap(([kind, parameters]) =>
    Object.entries(parameters as object).flatMap(([name, value]) =>
      ["items", "keys", "values"].includes(name)
        ? namesIn(value as object, `${prefix}${kind}.${name}.`)
        : [`${prefix}${kind}.${name}`],
    ),
  );
}

test("the rules of all types of Envoy's API are understood", () => {
  const check = createMessageCheck(registry, []);
  const types = allTypes();
  for (const schema of types) check(schema, create(schema));
  expect(types.length).toBeGreaterThan(1500);
});

test("every rule of Envoy's API on single values is tried above", () => {
  const options = createRuleOptions(registry);
  const used = new Set(
    allTypes().flatMap(({ fields }) => fields.flatMap((field) => namesIn(options.rulesOf(field)))),
  );
  const last = (rule: string): string => rule.split(".").slice(-2).join(".");
  const tried = new Set(ROWS.flatMap(({ rules }) => rules).map(last));
  // Numbers of all widths have the same rules.
  const kinds = (rule: string): string =>
    last(rule).replace(/^(u?int(32|64)|float|double)\./, "number.");
  const triedKinds = new Set([...tried].map(kinds));
  expect([...used].filter((rule) => !triedKinds.has(kinds(rule)))).toEqual([]);
});

test("a rule that nobody knows is an error", () => {
  expect(() => valueRule({ string: { email: true } })).toThrow(UnknownRuleError);
  expect(() => valueRule({ timestamp: { required: true } })).toThrow(UnknownRuleError);
});

test("of fields that exclude one another only the one that is set has to be anything", () => {
  const matcher = "envoy.type.matcher.v3.StringMatcher";
  expect(refusals(matcher, { exact: "" })).toEqual([]);
  expect(refusals(matcher, { prefix: "" })).toEqual(['prefix: "" must not be empty']);
});

test("a choice without anything chosen is refused", () => {
  expect(refusals(`${CORE}.Address`, {})).toEqual([
    "must have one of socket_address, pipe, envoy_internal_address",
  ]);
});

describe("a duration", () => {
  const timeout = (text: string): readonly string[] =>
    refusals(`${ROUTE}.RouteAction`, { cluster: "c", timeout: text });

  test.each(["0s", "0.000000001s", "9223372035.999999999s"])("of %s is fine", (text) => {
    expect(timeout(text)).toEqual([]);
  });

  test.each(["-1s", "-0.000000001s"])("of %s is refused wherever it is", (text) => {
    expect(timeout(text)).toEqual([expect.stringContaining("must not be negative")]);
  });

  test("that Envoy cannot count is refused", () => {
    expect(timeout("9223372036s")).toEqual(['timeout: "9223372036s" must be at most 9223372035s']);
  });
});

describe("what is packed into an Any", () => {
  const TLS = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext";
  const cluster = (fields: object): readonly string[] =>
    refusals(CLUSTER, { name: "c", ...fields });

  test("is checked as if it were not", () => {
    const typedConfig = packed(TLS, { sni: "a".repeat(256) });
    expect(cluster({ transportSocket: { name: "tls", typedConfig } })).toEqual([
      expect.stringMatching(
        /^transport_socket\.typed_config\.sni: ".*" must have at most 255 bytes$/,
      ),
    ]);
  });

  test("in metadata is not looked into, as Envoy does not", () => {
    const bad = packed(`${CORE}.HeaderValue`, { key: "" });
    expect(cluster({ metadata: { typedFilterMetadata: { x: bad } } })).toEqual([]);
  });
});

test("what is secret is not shown", () => {
  const secret = "envoy.extensions.transport_sockets.tls.v3.Secret";
  const found = refusals(secret, {
    name: "a",
    tlsCertificate: { privateKey: { environmentVariable: "" }, password: { filename: "" } },
  });
  expect(found).toEqual([
    "tls_certificate.private_key.environment_variable: must not be empty",
    "tls_certificate.password.filename: must not be empty",
  ]);
});
