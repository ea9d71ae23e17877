/** Resources that Envoy refuses, and such that it takes though they look alike. A test asks the real one about each. */
import { COMMANDS } from "../../../../src/config/kinds/format/format-command-names.js";
import { MESSAGE } from "../../../../src/envoy/resource/message-types.js";
import { fileAccessLog } from "../../../../src/envoy/telemetry/access-log.js";
import { packed } from "./api.js";

/** A resource, and what is to be found in it. */
export interface Case {
  readonly what: string;
  readonly type: string;
  readonly json: object;
}

/** A resource that Envoy refuses, and the beginning of what is found. */
export interface RefusedCase extends Case {
  readonly because: string;
}

const EXTENSIONS = "envoy.extensions.filters";

const socket = (address: string, portValue = 80): object => ({
  socketAddress: { address, portValue },
});

function endpoints(...addresses: readonly object[]): object {
  return { lbEndpoints: addresses.map((address) => ({ endpoint: { address } })) };
}

function assignment(...addresses: readonly object[]): object {
  return { clusterName: "c", endpoints: [endpoints(...addresses)] };
}

function cluster(fields: object): Pick<Case, "type" | "json"> {
  return { type: MESSAGE.cluster, json: { name: "c", connectTimeout: "1s", ...fields } };
}

function loadAssignment(json: object): Pick<Case, "type" | "json"> {
  return { type: MESSAGE.endpoint, json };
}

const ROUTE = { match: { prefix: "/" }, route: { cluster: "c" } };

function virtualHost(fields: object): Pick<Case, "type" | "json"> {
  const json = { name: "v", domains: ["*"], routes: [ROUTE], ...fields };
  return { type: MESSAGE.virtualHost, json };
}

function route(fields: object): Pick<Case, "type" | "json"> {
  return virtualHost({ routes: [{ ...ROUTE, ...fields }] });
}

function action(fields: object): Pick<Case, "type" | "json"> {
  return route({ route: { cluster: "c", ...fields } });
}

function match(fields: object): Pick<Case, "type" | "json"> {
  return route({ match: { prefix: "/", ...fields } });
}

function regex(text: string): Pick<Case, "type" | "json"> {
  return route({ match: { safeRegex: { regex: text } } });
}

function weights(...clusters: readonly object[]): Pick<Case, "type" | "json"> {
  return route({ route: { weightedClusters: { clusters } } });
}

function requestHeader(key: string, value: string): Pick<Case, "type" | "json"> {
  return route({ requestHeadersToAdd: [{ header: { key, value } }] });
}

function routes(...hosts: readonly (readonly string[])[]): Pick<Case, "type" | "json"> {
  const virtualHosts = hosts.map((domains, i) => ({ name: `v${i}`, domains, routes: [ROUTE] }));
  return { type: MESSAGE.route, json: { name: "r", virtualHosts } };
}

const TCP_PROXY = {
  name: "tcp",
  typedConfig: packed(`${EXTENSIONS}.network.tcp_proxy.v3.TcpProxy`, {
    statPrefix: "x",
    cluster: "c",
  }),
};
const INSPECTOR = {
  name: "tls",
  typedConfig: packed(`${EXTENSIONS}.listener.tls_inspector.v3.TlsInspector`, {}),
};

function listener(fields: object): Pick<Case, "type" | "json"> {
  const json = {
    name: "l",
    address: socket("127.0.0.1", 0),
    filterChains: [{ filters: [TCP_PROXY] }],
    listenerFilters: [INSPECTOR],
    ...fields,
  };
  return { type: MESSAGE.listener, json };
}

/** A listener with a chain for each of these matches; undefined is a chain without one. */
function chains(...matches: readonly (object | undefined)[]): Pick<Case, "type" | "json"> {
  return listener({
    filterChains: matches.map((filterChainMatch) => ({
      ...(filterChainMatch === undefined ? {} : { filterChainMatch }),
      filters: [TCP_PROXY],
    })),
  });
}

const HTTP = `${EXTENSIONS}.http`;
const ROUTER = { name: "router", typedConfig: packed(`${HTTP}.router.v3.Router`, {}) };
const CORS = { name: "cors", typedConfig: packed(`${HTTP}.cors.v3.Cors`, {}) };

/** A listener whose requests go through these filters. */
function httpFilters(...filters: readonly object[]): Pick<Case, "type" | "json"> {
  const type = `${EXTENSIONS}.network.http_connection_manager.v3.HttpConnectionManager`;
  const typedConfig = packed(type, {
    statPrefix: "x",
    routeConfig: { name: "r" },
    httpFilters: filters,
  });
  return listener({ filterChains: [{ filters: [{ name: "http", typedConfig }] }] });
}

const names = (...serverNames: readonly string[]): object => ({ serverNames });
const ranges = (addressPrefix: string, prefixLen: number): object => ({
  prefixRanges: [{ addressPrefix, prefixLen }],
});

function accessLog(logFormat: object): Pick<Case, "type" | "json"> {
  const typedConfig = packed("envoy.extensions.access_loggers.file.v3.FileAccessLog", {
    path: "/dev/null",
    logFormat,
  });
  return listener({ accessLog: [{ name: "file", typedConfig }] });
}

const textLog = (inlineString: string): Pick<Case, "type" | "json"> =>
  accessLog({ textFormatSource: { inlineString } });

function validation(validationContext: object): Pick<Case, "type" | "json"> {
  const tls = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext";
  const typedConfig = packed(tls, { commonTlsContext: { validationContext } });
  return cluster({ transportSocket: { name: "tls", typedConfig } });
}

const logical = (...endpointLists: readonly object[]): Pick<Case, "type" | "json"> =>
  cluster({
    type: "LOGICAL_DNS",
    loadAssignment: { clusterName: "c", endpoints: endpointLists },
  });

const ringHash = (ringHashLbConfig: object): Pick<Case, "type" | "json"> =>
  cluster({ lbPolicy: "RING_HASH", ringHashLbConfig });
const maglev = (tableSize: number): Pick<Case, "type" | "json"> =>
  cluster({
    lbPolicy: "MAGLEV",
    maglevLbConfig: { tableSize: String(tableSize) },
    loadAssignment: assignment(socket("10.0.0.1")),
  });

export const REFUSED: readonly RefusedCase[] = [
  // Rules in the descriptors, at some depth.
  { what: "a cluster without a name", ...cluster({ name: "" }), because: "name: " },
  { what: "no connect timeout at all", ...cluster({ connectTimeout: "0s" }), because: "connect_" },
  { what: "a negative timeout", ...action({ timeout: "-1s" }), because: "routes[0].route.timeout" },
  {
    what: "a delay of nothing, packed",
    ...route({
      typedPerFilterConfig: {
        "envoy.filters.http.fault": packed(`${EXTENSIONS}.http.fault.v3.HTTPFault`, {
          delay: { fixedDelay: "0s", percentage: { numerator: 1 } },
        }),
      },
    }),
    because: 'routes[0].typed_per_filter_config["envoy.filters.http.fault"].delay.fixed_delay: ',
  },
  {
    what: "a retry delay of nothing",
    ...action({ retryPolicy: { retryOn: "5xx", retryBackOff: { baseInterval: "0s" } } }),
    because: "routes[0].route.retry_policy.retry_back_off.base_interval: ",
  },
  {
    what: "an answer of status 99",
    ...virtualHost({ routes: [{ match: { prefix: "/" }, directResponse: { status: 99 } }] }),
    because: "routes[0].direct_response.status: ",
  },
  { what: "a virtual host without a name", ...virtualHost({ name: "" }), because: "name: " },
  { what: "a virtual host without domains", ...virtualHost({ domains: [] }), because: "domains: " },
  {
    what: "a line end in a rewritten path",
    ...action({ prefixRewrite: "/a\n" }),
    because: "routes[0].route.prefix_rewrite: ",
  },
  {
    what: "a weight of no endpoint",
    ...loadAssignment({
      clusterName: "c",
      endpoints: [
        {
          lbEndpoints: [{ endpoint: { address: socket("10.0.0.1") }, loadBalancingWeight: 0 }],
        },
      ],
    }),
    because: "endpoints[0].lb_endpoints[0].load_balancing_weight: ",
  },
  {
    what: "a server name of 256 characters",
    ...cluster({
      transportSocket: {
        name: "tls",
        typedConfig: packed("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", {
          sni: "a".repeat(256),
        }),
      },
    }),
    because: "transport_socket.typed_config.sni: ",
  },

  // Regular expressions.
  ...["/a(", "(?=a)", String.raw`(a)\1`, "*", "a**", "a*+", "a{2,1}", "a{1001}", "[z-a]"].map(
    (text) => ({
      what: `the regular expression ${text}`,
      ...regex(text),
      because: "routes[0].match.safe_regex.regex: ",
    }),
  ),
  ...[String.raw`\p{Foo}`, String.raw`\Z`, "(?x)", "a\\", String.raw`\x{100}`].map((text) => ({
    what: `the regular expression ${text}`,
    ...regex(text),
    because: "routes[0].match.safe_regex.regex: ",
  })),
  {
    what: "a bad regular expression for a header",
    ...match({ headers: [{ name: "a", stringMatch: { safeRegex: { regex: "(" } } }] }),
    because: "routes[0].match.headers[0].string_match.safe_regex.regex: ",
  },
  {
    what: "a bad regular expression for a query parameter",
    ...match({ queryParameters: [{ name: "a", stringMatch: { safeRegex: { regex: "(" } } }] }),
    because: "routes[0].match.query_parameters[0].string_match.safe_regex.regex: ",
  },
  {
    what: "a bad regular expression of a rewrite",
    ...action({ regexRewrite: { pattern: { regex: "(" }, substitution: "x" } }),
    because: "routes[0].route.regex_rewrite.pattern.regex: ",
  },
  {
    what: "a bad regular expression of CORS origins, packed",
    ...route({
      typedPerFilterConfig: {
        "envoy.filters.http.cors": packed(`${EXTENSIONS}.http.cors.v3.CorsPolicy`, {
          allowOriginStringMatch: [{ safeRegex: { regex: "(" } }],
        }),
      },
    }),
    because:
      'routes[0].typed_per_filter_config["envoy.filters.http.cors"].allow_origin_string_match',
  },

  // Headers and formats.
  ...[":path", ":authority", "host", "Host"].map((name) => ({
    what: `the header ${name} set`,
    ...requestHeader(name, "x"),
    because: "routes[0].request_headers_to_add[0].header.key: ",
  })),
  {
    what: "the host removed",
    ...route({ requestHeadersToRemove: ["host"] }),
    because: "routes[0].request_headers_to_remove[0]: ",
  },
  {
    what: "the status removed, for a virtual host",
    ...virtualHost({ responseHeadersToRemove: [":status"] }),
    because: "response_headers_to_remove[0]: ",
  },
  {
    what: "the host set, for one of several clusters",
    ...weights({ name: "a", weight: 1, requestHeadersToAdd: [{ header: { key: "host" } }] }),
    because: "routes[0].route.weighted_clusters.clusters[0].request_headers_to_add[0].header.key: ",
  },
  ...["100%", "50% of 100%", "%req(x)%", "%REQ(x)", "%REQ (x)%", "%REQ(x):a%", "%%%"].map(
    (text) => ({
      what: `the header value ${text}`,
      ...requestHeader("a", text),
      because: "routes[0].request_headers_to_add[0].header.value: ",
    }),
  ),
  {
    what: "a log line with a lone percent sign",
    ...textLog("100%\n"),
    because: "access_log[0].typed_config.log_format.text_format_source.inline_string: ",
  },
  {
    what: "a log line with a length beyond all bounds",
    ...textLog("%REQ(x):18446744073709551616%"),
    because: "access_log[0].typed_config.log_format.text_format_source.inline_string: ",
  },
  {
    what: "a log of JSON with a lone percent sign deep in it",
    ...accessLog({ jsonFormat: { a: { b: ["fine", "50%"] } } }),
    because: 'access_log[0].typed_config.log_format.json_format["a"]["b"][1]: ',
  },

  // Routes.
  { what: "a domain of two hosts", ...routes(["a.com"], ["a.com"]), because: "virtual_hosts[1]." },
  { what: "a domain in two cases", ...routes(["a.com"], ["A.com"]), because: "virtual_hosts[1]." },
  { what: "two hosts for all", ...routes(["*"], ["b.com", "*"]), because: "virtual_hosts[1].dom" },
  { what: "a wildcard twice", ...routes(["*.a.com"], ["*.A.com"]), because: "virtual_hosts[1]." },
  {
    what: "a domain twice in a virtual host",
    ...virtualHost({ domains: ["a.com", "a.com"] }),
    because: 'domains[1]: "a.com" ',
  },
  {
    what: "weights that come to nothing",
    ...weights({ name: "a", weight: 0 }, { name: "b", weight: 0 }),
    because: "routes[0].route.weighted_clusters.clusters: ",
  },
  {
    what: "weights that come to too much",
    ...weights({ name: "a", weight: 4294967295 }, { name: "b", weight: 1 }),
    because: "routes[0].route.weighted_clusters.clusters: ",
  },
  {
    what: "a cluster without a weight",
    ...weights({ name: "a" }, { name: "b", weight: 1 }),
    because: "routes[0].route.weighted_clusters.clusters[0].weight: ",
  },
  {
    what: "a weight of no cluster",
    ...weights({ weight: 1 }),
    because: "routes[0].route.weighted_clusters.clusters[0]: ",
  },
  {
    what: "a path rewritten in two ways",
    ...action({ prefixRewrite: "/a", regexRewrite: { pattern: { regex: "a" } } }),
    because: "routes[0].route: ",
  },
  {
    what: "a host rewritten in a bad format",
    ...action({ hostRewrite: "b%" }),
    because: "routes[0].route.host_rewrite: ",
  },
  {
    what: "an upgrade twice",
    ...action({ upgradeConfigs: [{ upgradeType: "CONNECT" }, { upgradeType: "connect" }] }),
    because: "routes[0].route.upgrade_configs[1].upgrade_type: ",
  },
  {
    what: "a tunnel of another upgrade",
    ...action({ upgradeConfigs: [{ upgradeType: "websocket", connectConfig: {} }] }),
    because: "routes[0].route.upgrade_configs[0].connect_config: ",
  },
  {
    what: "a mirror of nothing",
    ...action({ requestMirrorPolicies: [{}] }),
    because: "routes[0].route.request_mirror_policies[0]: ",
  },
  {
    what: "retries whose longest delay is shorter than the first",
    ...action({
      retryPolicy: { retryOn: "5xx", retryBackOff: { baseInterval: "2s", maxInterval: "1s" } },
    }),
    because: "routes[0].route.retry_policy.retry_back_off.max_interval: ",
  },

  // Clusters and endpoints.
  {
    what: "a static cluster of a name",
    ...cluster({ loadAssignment: assignment(socket("foo.com")) }),
    because: "load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address.address",
  },
  ...["foo.com", "010.0.0.1", "1.2.3", "[::1]", "10.0.0.1/8", " 10.0.0.1"].map((address) => ({
    what: `an endpoint at "${address}"`,
    ...loadAssignment(assignment(socket("10.0.0.1"), socket(address))),
    because: "endpoints[0].lb_endpoints[1].endpoint.address.socket_address.address: ",
  })),
  {
    what: "an endpoint with the name of a port",
    ...loadAssignment(assignment({ socketAddress: { address: "10.0.0.1", namedPort: "http" } })),
    because: "endpoints[0].lb_endpoints[0].endpoint.address.socket_address.named_port: ",
  },
  {
    what: "an endpoint without an address",
    ...loadAssignment({ clusterName: "c", endpoints: [{ lbEndpoints: [{ endpoint: {} }] }] }),
    because: "endpoints[0].lb_endpoints[0].endpoint.address: ",
  },
  {
    what: "a second address that is a name",
    ...loadAssignment({
      clusterName: "c",
      endpoints: [
        {
          lbEndpoints: [
            {
              endpoint: {
                address: socket("10.0.0.1"),
                additionalAddresses: [{ address: socket("foo.com") }],
              },
            },
          ],
        },
      ],
    }),
    because: "endpoints[0].lb_endpoints[0].endpoint.additional_addresses[0].address.",
  },
  { what: "a logical host without an endpoint", ...logical(), because: "load_assignment.endp" },
  {
    what: "a logical host with two endpoints",
    ...logical(endpoints(socket("a.com"), socket("b.com"))),
    because: "load_assignment.endpoints: ",
  },
  {
    what: "a logical host with two localities",
    ...logical(endpoints(socket("a.com")), endpoints()),
    because: "load_assignment.endpoints: ",
  },
  {
    what: "original destinations balanced by us",
    ...cluster({ type: "ORIGINAL_DST" }),
    because: "lb_policy: ",
  },
  {
    what: "original destinations with endpoints",
    ...cluster({
      type: "ORIGINAL_DST",
      lbPolicy: "CLUSTER_PROVIDED",
      loadAssignment: { clusterName: "c" },
    }),
    because: "load_assignment: ",
  },
  {
    what: "static endpoints balanced by the cluster",
    ...cluster({ lbPolicy: "CLUSTER_PROVIDED" }),
    because: "lb_policy: ",
  },
  {
    what: "a ring that is larger than the largest",
    ...ringHash({ minimumRingSize: "2048", maximumRingSize: "1024" }),
    because: "ring_hash_lb_config.minimum_ring_size: ",
  },
  {
    what: "a largest ring that is smaller than the smallest",
    ...ringHash({ maximumRingSize: "1000" }),
    because: "ring_hash_lb_config.minimum_ring_size: ",
  },
  // With one Envoy does not even refuse: it ends.
  ...[0, 1, 4, 65536].map((size) => ({
    what: `a Maglev table of ${size}`,
    ...maglev(size),
    because: "maglev_lb_config.table_size: ",
  })),
  {
    what: "a longest ejection that is shorter than the first",
    ...cluster({ outlierDetection: { maxEjectionTime: "10s" } }),
    because: "outlier_detection.max_ejection_time: ",
  },
  {
    what: "a source address that is a name",
    ...cluster({ upstreamBindConfig: { sourceAddress: { address: "foo", portValue: 0 } } }),
    because: "upstream_bind_config.source_address.address: ",
  },

  // Certificates.
  {
    what: "names in certificates without roots",
    ...validation({ matchTypedSubjectAltNames: [{ sanType: "URI", matcher: { exact: "x" } }] }),
    because: "transport_socket.typed_config.common_tls_context.validation_context.trusted_ca: ",
  },
  {
    what: "a hash of a key that is none",
    ...validation({ verifyCertificateSpki: ["!".repeat(44)] }),
    because: "transport_socket.typed_config.common_tls_context.validation_context.verify_cert",
  },
  {
    what: "a hash of a certificate that is none",
    ...validation({ verifyCertificateHash: ["g".repeat(64)] }),
    because: "transport_socket.typed_config.common_tls_context.validation_context.verify_cert",
  },

  // Listeners.
  { what: "a listener without chains", ...listener({ filterChains: [] }), because: "filter_chai" },
  {
    what: "a listener at a name",
    ...listener({ address: socket("localhost", 0) }),
    because: "address.socket_address.address: ",
  },
  {
    what: "a listener at a name beside its address",
    ...listener({ additionalAddresses: [{ address: socket("localhost", 0) }] }),
    because: "additional_addresses[0].address.socket_address.address: ",
  },
  {
    what: "a listener nowhere",
    type: MESSAGE.listener,
    json: { name: "l", filterChains: [{ filters: [TCP_PROXY] }] },
    because: "address: must be set",
  },
  { what: "two chains for all", ...chains(undefined, undefined), because: "filter_chains[1].fil" },
  { what: "two chains for all, one empty", ...chains(undefined, {}), because: "filter_chains[1]." },
  {
    what: "a server name of two chains",
    ...chains(names("a", "b"), names("b", "c")),
    because: "filter_chains[1].filter_chain_match: ",
  },
  {
    what: "a filter behind the router",
    ...httpFilters(ROUTER, CORS),
    because: "filter_chains[0].filters[0].typed_config.http_filters[1]: ",
  },
  {
    what: "a server name in two cases",
    ...chains(names("a"), names("A")),
    because: "filter_chains[1].filter_chain_match: ",
  },
  {
    what: "a server name twice in a chain",
    ...chains(names("a", "a")),
    because: "filter_chains[0].filter_chain_match: ",
  },
  ...["*", "*a.com", "a.*", "a.*.b"].map((name) => ({
    what: `the server name ${name}`,
    ...chains(names(name)),
    because: "filter_chains[0].filter_chain_match.server_names[0]: ",
  })),
  {
    what: "one range in two ways",
    ...chains(ranges("10.0.0.0", 8), ranges("10.1.2.3", 8)),
    because: "filter_chains[1].filter_chain_match: ",
  },
  {
    what: "a range of a name",
    ...chains(ranges("foo", 8)),
    because: "filter_chains[0].filter_chain_match.prefix_ranges[0].address_prefix: ",
  },
  ...[
    { transportProtocol: "tls" },
    { destinationPort: 80 },
    { sourceType: "EXTERNAL" },
    { applicationProtocols: ["h2"] },
    { sourcePorts: [1] },
    { sourcePrefixRanges: [{ addressPrefix: "10.0.0.0", prefixLen: 8 }] },
  ].map((condition) => ({
    what: `two chains for ${JSON.stringify(condition)}`,
    ...chains(condition, condition),
    because: "filter_chains[1].filter_chain_match: ",
  })),
  ...["/", "@"].map((first) => ({
    what: `an endpoint at too long a path of a socket that begins with ${first}`,
    ...loadAssignment(assignment({ pipe: { path: first + "x".repeat(107) } })),
    because: "path: ",
  })),
];

/** What commands of formats ask for that do not take just any word. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  CEL: "request.path",
  COALESCE: '{"operators":["PROTOCOL"]}',
  COMMON_DURATION: "DS_RX_BEG:US_TX_BEG:ms",
  METADATA: "ROUTE:a",
};

/** All commands that users' formats may have. */
const ALL_COMMANDS = [...COMMANDS]
  .map(([name, takes]) =>
    takes === "something" ? `%${name}(${ARGUMENTS[name] ?? "a"})%` : `%${name}%`,
  )
  .join(" ");

export const TAKEN: readonly Case[] = [
  {
    what: "an answer as long as route configurations have it",
    ...virtualHost({
      routes: [
        {
          match: { prefix: "/" },
          directResponse: { status: 200, body: { inlineString: "x".repeat(2 ** 20) } },
        },
      ],
    }),
  },
  { what: "a filter before the router", ...httpFilters(CORS, ROUTER) },
  { what: "the longest duration", ...cluster({ cleanupInterval: "9223372035s" }) },
  ...[".*", "/a{1,1000}", String.raw`\p{Greek}`, "(?i)a", "(?P<n>a)", "[а-я]", "é{3}"].map(
    (text) => ({ what: `the regular expression ${text}`, ...regex(text) }),
  ),
  ...[String.raw`\x{ff}`, String.raw`\\x{100}`, String.raw`\Q\x{100}(\E`, "a{", "]"].map(
    (text) => ({ what: `the regular expression ${text}`, ...regex(text) }),
  ),
  ...["100%%", "%REQ(x?y):8%", "%START_TIME(%Y-%m-%d)%", "%PROTOCOL%%PROTOCOL%", ""].map(
    (text) => ({ what: `the header value ${text}`, ...requestHeader("a", text) }),
  ),
  { what: "a header with a colon in it", ...requestHeader("a:b", "x") },
  { what: "a log line with commands", ...textLog("[%START_TIME%] %REQ(a%b)% 100%%\n") },
  {
    what: "a log line with every command",
    ...listener({
      accessLog: [
        fileAccessLog({ path: "/dev/null", text: `${ALL_COMMANDS} %REQ_WITHOUT_QUERY(a)%` }),
      ],
    }),
  },
  {
    what: "a header with every command",
    ...requestHeader("a", `${ALL_COMMANDS} %PER_REQUEST_STATE(a)%`),
  },
  { what: "a log of JSON", ...accessLog({ jsonFormat: { "50%": 5, a: true, b: "%PROTOCOL%" } }) },
  { what: "one host with ports and without", ...routes(["a.com"], ["a.com:80", "a.com:81"]) },
  { what: "wildcards of all kinds", ...routes(["*.a.com", "*-b.a.com"], ["a.*"], ["a*b", "*"]) },
  {
    what: "one of two weights zero",
    ...weights({ name: "a", weight: 0 }, { name: "b", weight: 1 }),
  },
  { what: "one cluster twice", ...weights({ name: "a", weight: 1 }, { name: "a", weight: 1 }) },
  {
    what: "two upgrades, one a tunnel",
    ...action({
      upgradeConfigs: [{ upgradeType: "websocket" }, { upgradeType: "connect", connectConfig: {} }],
    }),
  },
  {
    what: "retry delays that differ by less than a millisecond",
    ...action({
      retryPolicy: {
        retryOn: "5xx",
        retryBackOff: { baseInterval: "0.0019s", maxInterval: "0.0011s" },
      },
    }),
  },
  ...["10.0.0.1", "::1", "::ffff:10.0.0.1", "0.0.0.0"].map((address) => ({
    what: `an endpoint at ${address}`,
    ...loadAssignment(assignment(socket(address))),
  })),
  {
    what: "one endpoint twice",
    ...loadAssignment(assignment(socket("10.0.0.1"), socket("10.0.0.1"))),
  },
  {
    what: "a gap between priorities",
    ...loadAssignment({
      clusterName: "c",
      endpoints: [{ priority: 2, ...endpoints(socket("10.0.0.1")) }],
    }),
  },
  {
    what: "an endpoint at a socket file",
    ...loadAssignment(assignment({ pipe: { path: "/run/x" } })),
  },
  ...["/", "@"].map((first) => ({
    what: `an endpoint at the longest path of a socket that begins with ${first}`,
    ...loadAssignment(assignment({ pipe: { path: first + "x".repeat(106) } })),
  })),
  {
    what: "names that Envoy resolves",
    ...cluster({
      type: "STRICT_DNS",
      loadAssignment: assignment(socket("a.com"), socket("10.0.0.1"), socket("*.b.com")),
    }),
  },
  { what: "a logical host", ...logical(endpoints(socket("a.com"))) },
  { what: "a static cluster without endpoints", ...cluster({ type: "STATIC" }) },
  {
    what: "original destinations",
    ...cluster({ type: "ORIGINAL_DST", lbPolicy: "CLUSTER_PROVIDED" }),
  },
  {
    what: "a ring for another balancer",
    ...cluster({ ringHashLbConfig: { maximumRingSize: "1" } }),
  },
  ...[2, 65537, 5000011].map((size) => ({ what: `a Maglev table of ${size}`, ...maglev(size) })),
  {
    what: "a first ejection of 400 s",
    ...cluster({ outlierDetection: { baseEjectionTime: "400s" } }),
  },
  {
    what: "hashes of certificates",
    ...validation({
      verifyCertificateHash: ["a".repeat(64), Array(32).fill("AA").join(":")],
      verifyCertificateSpki: [`${"A".repeat(43)}=`],
    }),
  },
  {
    what: "a default chain alone",
    ...listener({ filterChains: [], defaultFilterChain: { filters: [TCP_PROXY] } }),
  },
  {
    what: "a listener at a socket file",
    ...listener({ address: { pipe: { path: "/tmp/x.sock" } } }),
  },
  {
    what: "ranges in one another",
    ...chains(ranges("10.0.0.0", 8), ranges("10.0.0.0", 16), ranges("0.0.0.0", 0), undefined),
  },
  {
    what: "server names of all kinds",
    ...chains(names("a", "*.a", "*.*.b"), names("b"), undefined),
  },
  {
    what: "one server name in two protocols",
    ...chains({ ...names("a"), transportProtocol: "tls" }, names("a")),
  },
];
