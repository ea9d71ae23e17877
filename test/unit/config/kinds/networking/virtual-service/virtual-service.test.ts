import { describe, expect, it } from "vitest";
import { findingsOf, shortFindingsOf, tryRows } from "../../findings-of.js";

const route = [{ destination: { host: "reviews" } }];
const to = (...weights: number[]) =>
  weights.map((weight, index) => ({ destination: { host: `reviews-${index}` }, weight }));
const http = (rule: object, rest: object = {}) => ({
  hosts: ["reviews"],
  http: [{ route, ...rule }],
  ...rest,
});
const answer = (rule: object) => ({ hosts: ["reviews"], http: [rule] });
const matching = (match: object) => http({ match: [match] });
const AT = "spec.http[0]";

const check = (rows: Parameters<typeof tryRows>[1]) => {
  tryRows("VirtualService", rows);
};

describe("the hosts of a VirtualService", () => {
  const routed = (hosts: string[], rest: object = {}) => http({}, { hosts, ...rest });
  check([
    ["can be short names, whole names and names below a domain", routed(["a", "a.b.c", "*.d"]), []],
    ["can be IP addresses", routed(["10.0.0.1"]), []],
    ["have to be names", routed(["a_b", "a..b", "a.1"]), [0, 1, 2].map((i) => `spec.hosts[${i}]`)],
    ["have wildcards at the beginning only", routed(["a.*.c"]), ["spec.hosts[0]"]],
    ["are not all hosts for sidecars", routed(["*"]), ["spec.hosts[0]"]],
    [
      "are not all hosts where mesh is one of the gateways",
      routed(["*"], { gateways: ["mesh", "g"] }),
      ["spec.hosts[0]"],
    ],
    ["can be all hosts at gateways", routed(["*"], { gateways: ["ns/g"] }), []],
    ["are not there twice", routed(["a.b", "c", "a.b"]), ["spec.hosts[2]"]],
    ["are not in one another", routed(["x.a.b", "*.b"]), ["spec.hosts[1]"]],
  ]);
});

describe("a VirtualService without hosts", () => {
  check([
    ["is a delegate", { http: [{ route }] }, []],
    ["has no gateways", { http: [{ route }], gateways: ["g"] }, ["spec.gateways"]],
    ["has no TCP routes", { http: [{ route }], tcp: [{ route }] }, ["spec.tcp"]],
    ["cannot delegate further", { http: [{ delegate: { name: "a" }, route }] }, [`${AT}.delegate`]],
    ["still has to do something", { http: [{}] }, [AT]],
  ]);
});

describe("the gateways of a VirtualService", () => {
  const at = (gateway: string) => http({}, { gateways: [gateway] });
  check([
    ["can be names, with or without a namespace", http({}, { gateways: ["g", "ns/g"] }), []],
    ["have no wildcards", at("ns/*"), ["spec.gateways[0]"]],
    [
      "are not looked at as closely behind one without a namespace",
      http({}, { gateways: ["ns/*", "g", "ns/*"] }),
      ["spec.gateways[0]", "warning spec.gateways[2]"],
    ],
    ["have a namespace before the slash", at("/g"), ["spec.gateways[0]"]],
    ["are doubtful in the form of a domain name", at("g.ns"), ["warning spec.gateways[0]"]],
    [
      "are checked in a match too",
      matching({ gateways: ["a/b/c"] }),
      [`${AT}.match[0].gateways[0]`],
    ],
  ]);
});

describe("what an HTTP route does", () => {
  check([
    ["is to forward", http({}), []],
    ["is to redirect", answer({ redirect: { uri: "/new" } }), []],
    ["is to answer", answer({ directResponse: { status: 404 } }), []],
    ["is to delegate", answer({ delegate: { name: "a" } }), []],
    ["is something", answer({ route: [] }), [AT]],
    [
      "is one thing",
      http({ redirect: { uri: "/" }, directResponse: { status: 200 } }),
      [`${AT}.redirect`, `${AT}.directResponse`],
    ],
    ["is not more than to delegate", http({ delegate: { name: "a" } }), [`${AT}.route`]],
    [
      "should not be an answer where the delegate decides",
      answer({ delegate: { name: "a" }, directResponse: { status: 404 } }),
      [`warning ${AT}.directResponse`],
    ],
    [
      "has no fault where nothing is forwarded",
      answer({ redirect: { uri: "/" }, fault: { abort: { httpStatus: 500 } } }),
      [`${AT}.fault`],
    ],
    [
      "has no rewrite where nothing is forwarded",
      answer({ directResponse: { status: 200 }, rewrite: { uri: "/" } }),
      [`${AT}.rewrite`],
    ],
    ["is something in the whole resource", { hosts: ["a"] }, ["spec"]],
  ]);
});

describe("the destinations of a route", () => {
  const destination = (one: object) => http({ route: [{ destination: one }] });
  const DESTINATION = `${AT}.route[0].destination`;
  check([
    ["need no weight when there is one", http({ route: to(0) }), []],
    ["need not add up to 100", http({ route: to(1, 5, 0) }), []],
    ["need a weight when there are several", http({ route: to(0, 0) }), [`${AT}.route`]],
    ["have no negative weights", http({ route: to(-1, 2) }), [`${AT}.route[0].weight`]],
    ["have a host", destination({}), [`${DESTINATION}.host`]],
    ["are not all hosts", destination({ host: "*" }), [`${DESTINATION}.host`]],
    [
      "have a subset that can be a part of a name",
      destination({ host: "a", subset: "v.1" }),
      [`${DESTINATION}.subset`],
    ],
    [
      "have a port in range",
      destination({ host: "a", port: { number: 0 } }),
      [`${DESTINATION}.port.number`],
    ],
  ]);
});

describe("the match of an HTTP route", () => {
  const MATCH = `${AT}.match[0]`;
  check([
    ["takes any condition at all", matching({}), []],
    ["takes an empty prefix of the path", matching({ uri: { prefix: "" } }), []],
    [
      "takes no empty prefix of anything else",
      matching({ method: { prefix: "" } }),
      [`${MATCH}.method.prefix`],
    ],
    [
      "compares in one way",
      matching({ uri: { exact: "/a", prefix: "/b" } }),
      [`${MATCH}.uri.prefix`],
    ],
    [
      "has regular expressions of RE2",
      matching({ uri: { regex: "(?=a)" } }),
      [`${MATCH}.uri.regex`],
    ],
    [
      "has no empty regular expressions",
      matching({ authority: { regex: "" } }),
      [`${MATCH}.authority.regex`],
    ],
    [
      "has regular expressions of 1024 characters at most",
      matching({ uri: { regex: "a".repeat(1025) } }),
      [`${MATCH}.uri.regex`],
    ],
    [
      "has regular expressions that are not too long in bytes",
      matching({ uri: { regex: "é".repeat(513) } }),
      [`${MATCH}.uri.regex`],
    ],
    [
      "asks for headers by their names",
      matching({ headers: { "x-a": {}, ":path": {}, "": {} } }),
      [`${MATCH}.headers[""]`],
    ],
    [
      "takes names of headers that are tokens",
      matching({ headers: { "x a": {}, "x.a": {} } }),
      [`${MATCH}.headers["x a"]`],
    ],
    [
      "compares headers as it does the rest",
      matching({ headers: { "x-a": { regex: "[" } }, withoutHeaders: { "x-b": { regex: "[" } } }),
      [`${MATCH}.headers["x-a"].regex`, `${MATCH}.withoutHeaders["x-b"].regex`],
    ],
    [
      "takes * for any value that is not to be there",
      matching({ withoutHeaders: { "x-a": { regex: "*" } } }),
      [],
    ],
    [
      "checks query parameters",
      matching({ queryParams: { q: { regex: "(" } } }),
      [`${MATCH}.queryParams.q.regex`],
    ],
    ["has a port in range", matching({ port: 65536 }), [`${MATCH}.port`]],
    [
      "has labels that can be",
      matching({ sourceLabels: { "a b": "c" } }),
      [`${MATCH}.sourceLabels["a b"]`],
    ],
    [
      "has a namespace that can be",
      matching({ sourceNamespace: "a/b" }),
      [`${MATCH}.sourceNamespace`],
    ],
  ]);

  it("asks for claims of a JWT by names that can be", () => {
    const claims = [
      "@request.auth.claims[a][b]",
      "@request.auth.claims[]",
      "@request.auth.claims[a",
    ];
    const headers = Object.fromEntries(claims.map((name) => [name, { exact: "x" }]));
    const found = shortFindingsOf(
      "VirtualService",
      http({ match: [{ headers }] }, { gateways: ["ns/g"] }),
    );
    expect(found).toEqual(claims.slice(1).map((name) => `${MATCH}.headers["${name}"]`));
  });

  it("asks for claims of a JWT at gateways only", () => {
    const match = [{ headers: { "@request.auth.claims.group": { exact: "a" } } }];
    const atGateway = http({ match }, { gateways: ["ns/g"] });
    expect(shortFindingsOf("VirtualService", atGateway)).toEqual([]);
    const atSidecars = http({ match }, { gateways: ["ns/g", "mesh"] });
    expect(shortFindingsOf("VirtualService", atSidecars)).toEqual([
      `${MATCH}.headers["@request.auth.claims.group"]`,
    ]);
  });
});

describe("what an HTTP route does to headers", () => {
  const request = (operations: object) => http({ headers: { request: operations } });
  const response = (operations: object) => http({ headers: { response: operations } });
  const HEADERS = `${AT}.headers`;
  check([
    [
      "can be values with Envoy's variables",
      request({ set: { a: '%REQ(:path)%, 100%%, %DYNAMIC_METADATA(["a", "b\\""])%' } }),
      [],
    ],
    [
      "cannot be a variable that Envoy has not",
      request({ set: { a: "%NOSUCH%", b: "%REQ()%", c: "%PROTOCOL(a)%", d: "%PROTOCOL:5%" } }),
      ["a", "b", "c"].map((name) => `${HEADERS}.request.set.${name}`),
    ],
    [
      "cannot be half a variable",
      request({ set: { a: "%REQ", b: "50%" } }),
      [`${HEADERS}.request.set.a`, `${HEADERS}.request.set.b`],
    ],
    [
      "cannot be a variable with half its arguments",
      request({ add: { a: '%A(["b"%' } }),
      [`${HEADERS}.request.add.a`],
    ],
    ["cannot be a line break", response({ add: { a: "b\nc" } }), [`${HEADERS}.response.add.a`]],
    ["cannot be without a name", response({ remove: [""] }), [`${HEADERS}.response.remove[0]`]],
    ["can set the host of a request", request({ set: { Host: "a" } }), []],
    [
      "cannot set the host of a response",
      response({ set: { host: "a" } }),
      [`${HEADERS}.response.set.host`],
    ],
    [
      "cannot remove what HTTP needs",
      request({ remove: [":path"] }),
      [`${HEADERS}.request.remove[0]`],
    ],
    [
      "sets the host in one place",
      http({ rewrite: { authority: "a" }, headers: { request: { set: { ":authority": "b" } } } }),
      [`${HEADERS}.request.set[":authority"]`],
    ],
    [
      "is checked for each destination too",
      http({ route: [{ destination: { host: "a" }, headers: { request: { add: { "": "b" } } } }] }),
      [`${AT}.route[0].headers.request.add[""]`],
    ],
  ]);
});

describe("the retries of an HTTP route", () => {
  const retries = (policy: object) => http({ retries: policy });
  const RETRIES = `${AT}.retries`;
  check([
    ["can be switched off", retries({ attempts: 0 }), []],
    [
      "have words of Envoy and statuses",
      retries({ attempts: 1, retryOn: "5xx,503,unavailable" }),
      [],
    ],
    [
      "have statuses that begin with zeros or a plus sign",
      retries({ attempts: 1, retryOn: "0503,+504" }),
      [],
    ],
    [
      "have no other words",
      retries({ attempts: 1, retryOn: "5xx,509,constructor,0509,-503,5030" }),
      Array.from({ length: 5 }, () => `${RETRIES}.retryOn`),
    ],
    ["are not configured when they are off", retries({ perTryTimeout: "1s" }), [RETRIES]],
    ["are not negative", retries({ attempts: -2 }), [`${RETRIES}.attempts`]],
    [
      "have times that Envoy can keep",
      retries({ attempts: 1, perTryTimeout: "1ns", backoff: "1.0005ms" }),
      [`${RETRIES}.perTryTimeout`, `${RETRIES}.backoff`],
    ],
  ]);

  it("are told what was probably meant", () => {
    const [finding] = findingsOf(
      "VirtualService",
      retries({ attempts: 1, retryOn: "conect-failure" }),
    );
    expect(finding?.message).toContain('(did you mean "connect-failure"?)');
  });
});

describe("redirects and direct responses", () => {
  const redirect = (one: object, rule: object = {}) => answer({ redirect: one, ...rule });
  const respond = (one: object) => answer({ directResponse: one });
  check([
    ["lead somewhere", redirect({}), [`${AT}.redirect`]],
    [
      "have a status that redirects",
      redirect({ uri: "/", redirectCode: 404 }),
      [`${AT}.redirect.redirectCode`],
    ],
    ["lead to HTTP or HTTPS", redirect({ scheme: "ftp" }), [`${AT}.redirect.scheme`]],
    [
      "have a port or derive it",
      redirect({ port: 80, derivePort: "FROM_REQUEST_PORT" }),
      [`${AT}.redirect.derivePort`],
    ],
    [
      "replace a prefix that was matched",
      redirect({ prefixRewrite: "/a" }, { match: [{ uri: { exact: "/" } }] }),
      [`${AT}.match[0].uri`],
    ],
    ["have a status of an answer", respond({ status: 100 }), [`${AT}.directResponse.status`]],
    [
      "have one body",
      respond({ status: 200, body: { string: "a", bytes: "YQ==" } }),
      [`${AT}.directResponse.body.bytes`],
    ],
    [
      "can answer with a body in base64 of several lines",
      respond({ status: 200, body: { bytes: "aGVs\nbG8=\n" } }),
      [],
    ],
    [
      "have a body in base64",
      respond({ status: 200, body: { bytes: "a.b" } }),
      [`${AT}.directResponse.body.bytes`],
    ],
    [
      "have a body of a mebibyte at most",
      respond({ status: 200, body: { string: "a".repeat(1048577) } }),
      [`${AT}.directResponse.body`],
    ],
    [
      "should have a smaller body than 100 KiB",
      respond({ status: 200, body: { string: "a".repeat(102401) } }),
      [`warning ${AT}.directResponse.body`],
    ],
  ]);
});

describe("rewrites, mirrors, faults and CORS", () => {
  const fault = (one: object) => http({ fault: one });
  const cors = (one: object) => http({ corsPolicy: one });
  check([
    ["rewrite something", http({ rewrite: {} }), [`${AT}.rewrite`]],
    [
      "rewrite the path in one way",
      http({ rewrite: { uri: "/", uriRegexRewrite: { match: "a", rewrite: "b" } } }),
      [`${AT}.rewrite.uriRegexRewrite`],
    ],
    [
      "rewrite what a regular expression matches",
      http({ rewrite: { uriRegexRewrite: { match: "[" } } }),
      [`${AT}.rewrite.uriRegexRewrite.match`, `${AT}.rewrite.uriRegexRewrite.rewrite`],
    ],
    [
      "mirror to one place or to several",
      http({ mirror: { host: "a" }, mirrors: [{ destination: { host: "b" } }] }),
      [`${AT}.mirrors`],
    ],
    [
      "mirror a part of 100",
      http({ mirror: { host: "a" }, mirrorPercentage: { value: 100.1 } }),
      [`${AT}.mirrorPercentage.value`],
    ],
    [
      "mirror with a percentage, not with the old percent",
      http({ mirror: { host: "a" }, mirrorPercent: 5 }),
      [`warning ${AT}.mirrorPercent`],
    ],
    ["do something to some requests", fault({}), [`${AT}.fault`]],
    [
      "delay by a time",
      fault({ delay: { fixedDelay: "0s", percentage: { value: 50 } } }),
      [`${AT}.fault.delay.fixedDelay`],
    ],
    [
      "delay no part too small for Envoy",
      fault({ delay: { fixedDelay: "1s", percentage: { value: 0.00001 } } }),
      [`${AT}.fault.delay.percentage.value`],
    ],
    [
      "delay a part by the old percent, whatever it is",
      fault({ delay: { fixedDelay: "1s", percent: 101 } }),
      [`warning ${AT}.fault.delay.percent`],
    ],
    [
      "abort with a status of HTTP",
      fault({ abort: { httpStatus: 99 } }),
      [`${AT}.fault.abort.httpStatus`],
    ],
    [
      "abort with a status of gRPC",
      fault({ abort: { grpcStatus: "not_found" } }),
      [`${AT}.fault.abort.grpcStatus`],
    ],
    [
      "abort with one status",
      fault({ abort: { httpStatus: 500, grpcStatus: "OK" } }),
      [`${AT}.fault.abort.grpcStatus`],
    ],
    ["should abort with a status", fault({ abort: {} }), [`warning ${AT}.fault.abort`]],
    [
      "allow origins that are something",
      cors({ allowOrigins: [{}] }),
      [`${AT}.corsPolicy.allowOrigins[0]`],
    ],
    [
      "allow methods of HTTP",
      cors({ allowMethods: ["GET", "*", "get"] }),
      [`${AT}.corsPolicy.allowMethods[2]`],
    ],
    [
      "allow headers by their names",
      cors({ allowHeaders: ["*", "a b"], exposeHeaders: [""] }),
      [`${AT}.corsPolicy.allowHeaders[1]`, `${AT}.corsPolicy.exposeHeaders[0]`],
    ],
    ["allow for whole seconds", cors({ maxAge: "1500ms" }), [`${AT}.corsPolicy.maxAge`]],
  ]);
});

describe("TCP and TLS routes", () => {
  const tcp = (rule: object) => ({ hosts: ["a.b"], tcp: [rule] });
  const tls = (sni: string, rest: object = {}) => ({
    hosts: ["a.b", "*.c.d"],
    tls: [{ match: [{ sniHosts: [sni] }], route }],
    ...rest,
  });
  const SNI = "spec.tls[0].match[0].sniHosts[0]";
  check([
    ["lead somewhere", tcp({ match: [{ port: 80 }] }), ["spec.tcp[0].route"]],
    [
      "match ranges of addresses",
      tcp({ route, match: [{ destinationSubnets: ["10.0.0.0/8", "::1", "10.0.0.0/33"] }] }),
      ["spec.tcp[0].match[0].destinationSubnets[2]"],
    ],
    [
      "match ports, labels and namespaces that can be",
      tcp({ route, match: [{ port: 70000, sourceLabels: { "": "a" }, sourceNamespace: "a/b" }] }),
      [
        "spec.tcp[0].match[0].port",
        'spec.tcp[0].match[0].sourceLabels[""]',
        "warning spec.tcp[0].match[0].sourceNamespace",
      ],
    ],
    ["match one of the hosts", tls("a.b"), []],
    ["match a part of one of the hosts", tls("*.x.c.d"), []],
    ["match no other host", tls("x.b"), [SNI]],
    ["match no more than the hosts", tls("*.d"), [SNI]],
    ["match names", tls("a.*.b"), [SNI]],
    ["match names whose wildcard is short", tls(`*${"a".repeat(63)}.c.d`), [SNI]],
    ["should not match addresses", tls("10.0.0.1"), [`warning ${SNI}`]],
    ["match something", { hosts: ["a.b"], tls: [{ match: [], route }] }, ["spec.tls[0].match"]],
    [
      "match the names that gateways between networks are called by",
      {
        hosts: ["outbound_.80_._.a.b.mesh"],
        gateways: ["ns/g"],
        tls: [{ match: [{ sniHosts: ["outbound_.80_._.a.b.mesh"] }], route }],
      },
      [],
    ],
    ["match those names where no gateway is named", tls("outbound_.80_.v1_.a.c.d"), []],
    [
      "match none of those names where sidecars are named",
      tls("outbound_.80_._.a.c.d", { gateways: ["mesh"] }),
      [SNI],
    ],
    ["match those names with their four parts", tls("outbound_.80_.a.c.d"), [SNI]],
    ["match those names with a port", tls("outbound_.http_._.a.c.d"), [SNI]],
  ]);
});

describe("routes that nothing reaches", () => {
  const match = [{ uri: { prefix: "/a" } }];
  const rules = (...all: object[]) => ({
    hosts: ["a"],
    http: all.map((rule) => ({ route, ...rule })),
  });
  check([
    ["are those behind one without a match", rules({}, {}), ["warning spec.http[1]"]],
    ["are those with a match too", rules({}, { match }), ["warning spec.http[1]"]],
    [
      "are those whose matches were all before",
      rules({ match }, { match: [{ name: "b", ...match[0] }] }),
      ["note spec.http[1].match[0]", "warning spec.http[1]"],
    ],
    [
      "are not those with another match",
      rules({ match }, { match: [...match, { method: { exact: "GET" } }] }),
      ["note spec.http[1].match[0]"],
    ],
    ["are not those before one without a match", rules({ match }, {}), []],
    [
      "are not those with a longer prefix, whose match has no effect",
      rules({ match }, { match: [{ uri: { prefix: "/ab" } }] }),
      ["note spec.http[1].match[0]"],
    ],
    [
      "are not those with a longer prefix that ask for less besides",
      rules(
        { match: [{ uri: { prefix: "/a" }, port: 80 }] },
        { match: [{ uri: { prefix: "/ab" } }] },
      ),
      [],
    ],
    [
      "are not those with a match that is in them twice, which has no effect",
      rules({ match: [...match, { name: "b", ...match[0] }] }),
      ["note spec.http[0].match[1]"],
    ],
    [
      "are not those with a shorter prefix",
      rules({ match }, { match: [{ uri: { prefix: "/" } }] }),
      [],
    ],
    [
      "are told of no match besides, where they are behind one without a match",
      rules({ match }, {}, { match: [{ uri: { prefix: "/ab" } }] }),
      ["warning spec.http[2]"],
    ],
  ]);

  it("have Istio's own codes", () => {
    const codes = findingsOf("VirtualService", rules({ match }, { match })).map(({ code }) => code);
    expect(codes).toEqual(["IST0131", "IST0130"]);
  });
});

describe("matches for longer paths, behind one for a shorter one,", () => {
  const route = [{ destination: { host: "a" } }];
  const match = (prefix: string, others: object = {}) => ({ uri: { prefix }, ...others });
  const rules = (...matches: object[]) => ({
    hosts: ["a"],
    http: matches.map((one) => ({ route, match: [one] })),
  });
  const behind = (earlier: object, others: object) =>
    rules(match("/a", earlier), match("/ab", others));
  const told = ["note spec.http[1].match[0]"];
  check([
    [
      "are told of each that is before them",
      rules(match("/a"), match("/ab"), match("/abc")),
      [...told, "note spec.http[2].match[0]", "note spec.http[2].match[0]"],
    ],
    [
      "are told of within a route too",
      { hosts: ["a"], http: [{ route, match: [match("/a"), match("/ab")] }] },
      ["note spec.http[0].match[1]"],
    ],
    ["are told of where they are for a method", behind({}, { method: { exact: "GET" } }), told],
    [
      "are told of where they are for other methods too",
      behind({ method: { exact: "GET" } }, {}),
      told,
    ],
    [
      "are not told of where they are for another method",
      behind({ method: { exact: "GET" } }, { method: { exact: "POST" } }),
      [],
    ],
    [
      "are told of where their headers begin alike",
      behind({ headers: { a: { prefix: "v12" } } }, { headers: { a: { prefix: "v1" } } }),
      told,
    ],
    [
      "are not told of where their headers are others",
      behind({ headers: { a: { exact: "v12" } } }, { headers: { a: { exact: "v1" } } }),
      [],
    ],
    [
      "are not told of where they have no such header",
      behind({ headers: { a: {} } }, { headers: { b: {} } }),
      [],
    ],
    [
      "are not told of where regular expressions decide",
      behind({ headers: { a: { regex: "v1" } } }, { headers: { a: { regex: "v2" } } }),
      [],
    ],
    [
      "are told of where they are for some callers alone",
      behind({}, { sourceLabels: { app: "a" } }),
      told,
    ],
    [
      "are not told of where they are for other callers",
      behind({ sourceLabels: { app: "b" } }, { sourceLabels: { app: "a" } }),
      [],
    ],
  ]);

  it("get nothing, or not all, as the message says", () => {
    const get = { method: { exact: "GET" } };
    const messages = [behind({}, get), behind(get, {})].map(
      (spec) => findingsOf("VirtualService", spec)[0]?.message,
    );
    expect(messages).toEqual([
      'this match has no effect: route 0 takes all paths that begin with "/a"',
      'this match does not get all that it is for: route 0 is before it, and takes requests of paths that begin with "/a" too',
    ]);
  });
});

describe("where a VirtualService is seen", () => {
  const exported = (...exportTo: string[]) => http({}, { exportTo });
  check([
    ["is some namespaces", exported(".", "other"), []],
    ["is not the same namespace twice", exported(".", "shop"), ["spec.exportTo[1]"]],
    ["is all namespaces or some", exported("other", "*"), ["spec.exportTo[1]"]],
    ["is not nowhere", exported("~"), ["spec.exportTo[0]"]],
    ["is no name that a namespace cannot have", exported("a/b"), ["spec.exportTo[0]"]],
  ]);
});

describe("a VirtualService", () => {
  it("has no dry run", () => {
    const annotations = { "istio.io/dry-run": "true" };
    expect(shortFindingsOf("VirtualService", http({}), { annotations })).toEqual([
      'metadata.annotations["istio.io/dry-run"]',
    ]);
  });

  it.each([
    ["webhook-always-reject", ""],
    ["parents", "warning "],
    ["parent-namespace", "warning "],
  ])("should not have the annotation internal.istio.io/%s of Istio's own", (name, severity) => {
    const annotations = { [`internal.istio.io/${name}`]: "a" };
    const found = [`${severity}metadata.annotations["internal.istio.io/${name}"]`];
    expect(shortFindingsOf("VirtualService", http({}), { annotations })).toEqual(found);
    expect(shortFindingsOf("AuthorizationPolicy", {}, { annotations })).toEqual(found);
  });

  it("is refused with Istio's code for what its validation refuses", () => {
    expect(findingsOf("VirtualService", { hosts: ["a"] })[0]).toMatchObject({
      code: "IST0106",
      path: ["spec"],
    });
  });
});
