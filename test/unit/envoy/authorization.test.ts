import { describe, expect, test } from "vitest";
import type { AuthorizationCondition } from "../../../src/config/kinds/security/authorization-condition.js";
import type {
  AuthorizationOperation,
  AuthorizationSource,
} from "../../../src/config/kinds/security/authorization-fields.js";
import type {
  AuthorizationPolicySpec,
  AuthorizationRule,
} from "../../../src/config/kinds/security/authorization-policy.js";
import type { ResourceOf } from "../../../src/config/kinds.js";
import { authorizationFilters } from "../../../src/envoy/authorization/authorization.js";
import type { Authorizers } from "../../../src/envoy/authorization/custom.js";
import { rbacPolicy } from "../../../src/envoy/authorization/rule.js";

const CONTEXT = {
  policyNamespace: "shop",
  trustDomains: ["mesh.example", "old.example"],
  tcp: false,
  allows: true,
};

const policyOf = (rule: AuthorizationRule, context: Partial<typeof CONTEXT> = {}) =>
  rbacPolicy(rule, { ...CONTEXT, ...context });

/** What the only test of a source comes to. */
function principalOf(source: AuthorizationSource): unknown {
  const [principal] = policyOf({ from: [{ source }] })?.principals ?? [];
  return principal?.andIds?.ids?.[0]?.orIds?.ids ?? principal?.andIds?.ids?.[0];
}

function permissionOf(
  operation: AuthorizationOperation,
  context: Partial<typeof CONTEXT> = {},
): unknown {
  const [permission] = policyOf({ to: [{ operation }] }, context)?.permissions ?? [];
  return permission?.andRules?.rules?.[0]?.orRules?.rules ?? permission?.andRules?.rules?.[0];
}

function whenOf(condition: AuthorizationCondition) {
  const { principals, permissions } = policyOf({ when: [condition] }) ?? {};
  return {
    principal: principals?.[0]?.andIds?.ids?.[0],
    permission: permissions?.[0]?.andRules?.rules?.[0],
  };
}

const identity = (principalName: object) => ({ authenticated: { principalName } });
const identityRegex = (regex: string) => identity({ safeRegex: { regex } });

describe("a source", () => {
  test.each<[AuthorizationSource, readonly object[]]>([
    [{ principals: ["td/ns/a/sa/b"] }, [identity({ exact: "spiffe://td/ns/a/sa/b" })]],
    [{ principals: ["td/ns/a/*"] }, [identity({ prefix: "spiffe://td/ns/a/" })]],
    [{ principals: ["*/sa/a.b"] }, [identityRegex(String.raw`spiffe://.*/sa/a\.b`)]],
    [{ principals: ["*"] }, [identityRegex(".+")]],
    [
      { namespaces: ["a.b", "c-*"] },
      [identityRegex(String.raw`.*/ns/a\.b/.*`), identityRegex(".*/ns/c-.*/.*")],
    ],
    [
      { serviceAccounts: ["own", "other/a.b"] },
      [
        identityRegex("spiffe://.+/ns/shop/(.+/|)sa/own(/.+)?"),
        identityRegex(String.raw`spiffe://.+/ns/other/(.+/|)sa/a\.b(/.+)?`),
      ],
    ],
    [{ trustDomains: ["td.*"] }, [identityRegex(String.raw`spiffe://td\.[^/]*/.*`)]],
    [
      { ipBlocks: ["10.1.0.0/16"] },
      [{ directRemoteIp: { addressPrefix: "10.1.0.0", prefixLen: 16 } }],
    ],
    [
      { remoteIpBlocks: ["2001:db8::1"] },
      [{ remoteIp: { addressPrefix: "2001:db8::1", prefixLen: 128 } }],
    ],
  ])("%j is known by what the connection shows", (source, expected) => {
    expect(principalOf(source)).toEqual(expected);
  });

  test.each([
    ["mesh.example/ns/a/sa/b", ["mesh.example", "old.example"]],
    ["old.example/ns/a/sa/b", ["mesh.example", "old.example"]],
    ["cluster.local/ns/a/sa/b", ["mesh.example", "old.example"]],
    ["foreign.example/ns/a/sa/b", ["foreign.example"]],
  ])("principal %s means the workload in the trust domains %j", (principal, domains) => {
    const expected = domains.map((domain) => identity({ exact: `spiffe://${domain}/ns/a/sa/b` }));
    expect(principalOf({ principals: [principal] })).toEqual(expected);
  });

  test("whose trust domain is a pattern of the mesh's is written once for those that it covers", () => {
    const expected = [identityRegex(String.raw`spiffe://.*\.example/ns/a/sa/b`)];
    expect(principalOf({ principals: ["*.example/ns/a/sa/b"] })).toEqual(expected);
  });

  test.each(["cluster.local/ns/a/*", "old.example/ns/a/*"])(
    "the beginning %s of principals is as it is written",
    (principal) => {
      const expected = [identity({ prefix: `spiffe://${principal.slice(0, -1)}` })];
      expect(principalOf({ principals: [principal] })).toEqual(expected);
    },
  );

  test("the end of a principal is no trust domain", () => {
    const expected = [identityRegex("spiffe://.*l/sa/b")];
    expect(principalOf({ principals: ["*l/sa/b"] })).toEqual(expected);
  });

  const exact = (text: string) => ({ exact: text });
  const prefix = (text: string) => ({ prefix: text });
  const suffix = (text: string) => ({ suffix: text });
  const ANY = { safeRegex: { regex: ".+" } };

  test.each<[string, readonly (readonly [object, object])[]]>([
    ["*", [[ANY, ANY]]],
    ["https://a.example/b", [[exact("https://a.example"), exact("b")]]],
    [
      "https://a.example/b/c",
      [
        [exact("https://a.example"), exact("b/c")],
        [exact("https://a.example/b"), exact("c")],
      ],
    ],
    ["https://a.example/*", [[exact("https://a.example"), ANY]]],
    ["https://a.example/b*", [[exact("https://a.example"), prefix("b")]]],
    [
      "https://a.example/b/*",
      [
        [exact("https://a.example"), prefix("b/")],
        [exact("https://a.example/b"), ANY],
      ],
    ],
    ["https://a*", [[prefix("https://a"), ANY]]],
    ["*.example/b", [[suffix(".example"), exact("b")]]],
    ["*/b", [[ANY, exact("b")]]],
    ["a*", [[prefix("a"), ANY]]],
    ["*b", [[ANY, suffix("b")]]],
    ["a", [[exact("a"), exact("")]]],
  ])("request principal %s is an issuer and a subject, with any slash between", (value, both) => {
    const claim = (name: string, stringMatch: object) => ({
      metadata: {
        filter: "envoy.filters.http.jwt_authn",
        path: [{ key: "payload" }, { key: name }],
        value: { stringMatch },
      },
    });
    const expected = both.map(([iss, sub]) => ({
      andIds: { ids: [claim("iss", iss), claim("sub", sub)] },
    }));
    const [only] = expected;
    expect(principalOf({ requestPrincipals: [value] })).toEqual(
      expected.length === 1 ? only : expected,
    );
  });
});

describe("an operation", () => {
  const header = (name: string, stringMatch: object) => ({ header: { name, stringMatch } });
  test.each<[AuthorizationOperation, readonly object[]]>([
    [{ hosts: ["A.example"] }, [header(":authority", { exact: "A.example", ignoreCase: true })]],
    [{ hosts: ["*"] }, [{ header: { name: ":authority", presentMatch: true } }]],
    [
      { methods: ["GET", "P*"] },
      [header(":method", { exact: "GET" }), header(":method", { prefix: "P" })],
    ],
    [
      { paths: ["/a", "/b/*"] },
      [{ urlPath: { path: { exact: "/a" } } }, { urlPath: { path: { prefix: "/b/" } } }],
    ],
    [{ ports: ["0", "8080"] }, [{ destinationPort: 0 }, { destinationPort: 8080 }]],
  ])("%j is known by the request", (operation, expected) => {
    expect(permissionOf(operation)).toEqual(expected);
  });

  test.each([
    ["/a/{*}/b.c/{**}", String.raw`/a/[^/]+/b\.c/.*`],
    ["/{**}", "/.*"],
  ])("keeps out by the template %s what has any characters", (path, regex) => {
    const permission = { urlPath: { path: { safeRegex: { regex } } } };
    expect(permissionOf({ paths: [path] }, { allows: false })).toEqual([permission]);
    expect(permissionOf({ notPaths: [path] })).toEqual({
      notRule: { orRules: { rules: [permission] } },
    });
  });

  test("lets in by Envoy's own templates", () => {
    expect(permissionOf({ paths: ["/a/{*}/b/{**}"] })).toMatchObject([
      { uriTemplate: { typedConfig: { pathTemplate: "/a/*/b/**" } } },
    ]);
  });
});

describe("a condition", () => {
  test("on filter metadata takes texts and members of lists", () => {
    const values = ["a*", "[b]"];
    expect(whenOf({ key: "experimental.envoy.filters.x[y]", values }).permission).toEqual({
      metadata: {
        filter: "envoy.filters.x",
        path: [{ key: "y" }],
        value: {
          orMatch: {
            valueMatchers: [
              { stringMatch: { prefix: "a" } },
              { listMatch: { oneOf: { stringMatch: { exact: "b" } } } },
            ],
          },
        },
      },
    });
  });

  test.each([
    ["Web.shop", { exact: "web.shop" }],
    ["*.Shop", { suffix: ".shop" }],
    ["*", { safeRegex: { regex: ".+" } }],
  ])("on the server name %s takes letters of any case", (value, requestedServerName) => {
    const { permission } = whenOf({ key: "connection.sni", values: [value] });
    expect(permission).toEqual({ orRules: { rules: [{ requestedServerName }] } });
  });

  test("on a nested claim takes the value, or a list with it", () => {
    const value = { stringMatch: { exact: "x" } };
    expect(whenOf({ key: "request.auth.claims[a][b]", values: ["x"] }).principal).toMatchObject({
      metadata: {
        path: [{ key: "payload" }, { key: "a" }, { key: "b" }],
        value: { orMatch: { valueMatchers: [{ listMatch: { oneOf: value } }, value] } },
      },
    });
  });

  test.each([
    ["a.b", String.raw`^a\.b$|^a\.b,.*|.*,a\.b,.*|.*,a\.b$`],
    ["a.*", String.raw`^a\..*$|^a\..*,.*|.*,a\..*,.*|.*,a\..*$`],
    ["*.b", String.raw`^.*\.b$|^.*\.b,.*|.*,.*\.b,.*|.*,.*\.b$`],
    ["*a*", String.raw`^.*a\*$|^.*a\*,.*|.*,.*a\*,.*|.*,.*a\*$`],
    ["a*b", String.raw`^a\*b$|^a\*b,.*|.*,a\*b,.*|.*,a\*b$`],
  ])("on a list of header values takes any that %s is the pattern of", (value, regex) => {
    const key = "request.experimental.inline.headers[x-roles]";
    const header = { name: "x-roles", stringMatch: { safeRegex: { regex } } };
    expect(whenOf({ key, values: [value] }).principal).toEqual({ orIds: { ids: [{ header }] } });
  });

  test("on nothing that is known lets nothing through, and denies all the more", () => {
    const when = [{ key: "request.auth.claimsX[a]", values: ["x"] }];
    expect(policyOf({ when })).toBeUndefined();
    expect(policyOf({ when }, { allows: false })?.principals).toEqual([
      { andIds: { ids: [{ any: true }] } },
    ]);
  });
});

type Policy = ResourceOf<"AuthorizationPolicy">;

const policy = (spec: AuthorizationPolicySpec, name = "p"): Policy => ({
  kind: "AuthorizationPolicy",
  apiVersion: "security.istio.io/v1",
  metadata: { name, namespace: "shop", labels: {}, annotations: {} },
  spec,
});

const SERVICE = { service: "authz.example", port: 9000 };
const AUTHORIZERS: Authorizers = {
  providers: [
    { name: "http", envoyExtAuthzHttp: SERVICE },
    { name: "grpc", envoyExtAuthzGrpc: SERVICE },
    { name: "unknown-service", envoyExtAuthzGrpc: { ...SERVICE, service: "none.example" } },
    { name: "no-status", envoyExtAuthzGrpc: { ...SERVICE, statusOnError: "999" } },
    { name: "no-path", envoyExtAuthzHttp: { ...SERVICE, pathPrefix: "check" } },
    { name: "all-headers", envoyExtAuthzHttp: { ...SERVICE, headersToUpstreamOnAllow: ["*"] } },
    { name: "no-body", envoyExtAuthzHttp: { ...SERVICE, includeRequestBodyInCheck: {} } },
    { name: "log", envoyFileAccessLog: {} },
  ],
  hostOf: (service) => (service === SERVICE.service ? service : undefined),
  hasCluster: () => true,
};

function filtersOf(policies: readonly Policy[], authorizers: Partial<Authorizers> = {}) {
  const trustDomains = ["cluster.local"];
  return authorizationFilters(policies, { ...AUTHORIZERS, ...authorizers, trustDomains });
}

const custom = (provider: string, name = "p"): Policy =>
  policy({ action: "CUSTOM", provider: { name: provider }, rules: [{}] }, name);

describe("a custom policy", () => {
  test.each([
    "missing",
    "unknown-service",
    "no-status",
    "no-path",
    "all-headers",
    "no-body",
    "log",
  ])("of provider %s denies what it is for", (provider) => {
    const name = `istio-ext-authz-${provider}-ns[shop]-policy[p]-rule[0]-deny-due-to-bad-CUSTOM-action`;
    const rules = { action: "DENY", policies: { [name]: expect.anything() } };
    const filters = filtersOf([custom(provider)]);
    expect(filters.custom).toMatchObject([{ typedConfig: { rules } }]);
    expect(filters.network).toMatchObject([{ typedConfig: { rules } }]);
  });

  test("denies what it is for where the proxy cannot reach the service", () => {
    const filters = filtersOf([custom("grpc")], { hasCluster: () => false });
    expect(filters.custom).toMatchObject([{ typedConfig: { rules: { action: "DENY" } } }]);
  });

  test("denies beside one of another provider, as does that", () => {
    const filters = filtersOf([custom("http"), custom("grpc", "q")]);
    expect(filters.custom).toMatchObject([
      { typedConfig: { rules: { action: "DENY" } } },
      { typedConfig: { rules: { action: "DENY" } } },
    ]);
  });

  test("sends the headers of the older field where the newer one has none", () => {
    const settings = {
      ...SERVICE,
      includeRequestHeadersInCheck: [],
      includeHeadersInCheck: ["x-user"],
    };
    const providers = [{ name: "http", envoyExtAuthzHttp: settings }];
    expect(filtersOf([custom("http")], { providers }).custom[1]).toMatchObject({
      typedConfig: { allowedHeaders: { patterns: [{ exact: "x-user", ignoreCase: true }] } },
    });
  });

  test("of an HTTP provider is not for connections", () => {
    const { custom: http, network } = filtersOf([custom("http")]);
    expect(http.map(({ name }) => name)).toEqual([
      "envoy.filters.http.rbac",
      "envoy.filters.http.ext_authz",
    ]);
    expect(network).toEqual([]);
  });
});

test("policies come in the order audit, deny, allow, each with its action", () => {
  const policies = (["ALLOW", "DENY", "AUDIT"] as const).map((action) =>
    policy({ action, rules: [{}] }),
  );
  const actions = [{ action: "LOG" }, { action: "DENY" }, { policies: expect.anything() }];
  expect(filtersOf(policies).http).toMatchObject(
    actions.map((rules) => ({ typedConfig: { rules } })),
  );
});

test.each([
  ["ALLOW", "istio_dry_run_allow_"],
  ["DENY", "istio_dry_run_deny_"],
  ["AUDIT", undefined],
] as const)("a dry run of %s is noted under the prefix %s", (action, prefix) => {
  const { metadata, ...rest } = policy({ action, rules: [{}] });
  const annotations = { "istio.io/dry-run": "true" };
  const [filter] = filtersOf([{ ...rest, metadata: { ...metadata, annotations } }]).http;
  expect(filter?.typedConfig).toEqual({
    "@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
    shadowRules: expect.anything(),
    shadowRulesStatPrefix: prefix,
  });
});
