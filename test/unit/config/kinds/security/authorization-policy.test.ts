import { describe, expect, it } from "vitest";
import { findingsOf, shortFindingsOf, tryRows } from "../findings-of.js";

const rules = (...all: object[]) => ({ rules: all });
const from = (source: object, rest: object = {}) => rules({ from: [{ source }], ...rest });
const to = (operation: object) => rules({ to: [{ operation }] });
const when = (key: string, ...values: string[]) => rules({ when: [{ key, values }] });
const RULE = "spec.rules[0]";
const SOURCE = `${RULE}.from[0].source`;
const OPERATION = `${RULE}.to[0].operation`;
const CONDITION = `${RULE}.when[0]`;

describe("an AuthorizationPolicy", () => {
  const custom = (rest: object) => ({ action: "CUSTOM", provider: { name: "ext" }, ...rest });
  tryRows("AuthorizationPolicy", [
    ["can be empty, which allows nothing", {}, []],
    ["can have an empty rule, which is for every request", rules({}), []],
    ["denies something", { action: "DENY" }, ["spec.rules"]],
    ["asks a provider about something", custom({}), ["spec.rules"]],
    ["asks a provider that it names", { action: "CUSTOM", rules: [{}] }, ["spec.provider.name"]],
    [
      "asks a provider only where it says so",
      { ...rules({}), provider: { name: "ext" } },
      ["spec.provider"],
    ],
    [
      "asks a provider about nothing that the proxy finds out itself",
      custom({
        rules: [
          {
            from: [{ source: { notPrincipals: ["a"], ipBlocks: ["10.0.0.1"] } }],
            when: [
              { key: "request.auth.claims[a]", values: ["b"] },
              { key: "source.ip", values: ["::1"] },
            ],
          },
        ],
      }),
      [`${SOURCE}.notPrincipals`, `${CONDITION}.key`],
    ],
    [
      "asks a provider about no trust domain",
      custom(
        from({ notTrustDomains: ["a"] }, { when: [{ key: "source.trustDomain", values: ["a"] }] }),
      ),
      [`${SOURCE}.notTrustDomains`, `${CONDITION}.key`],
    ],
    ["has no empty parts of rules", rules({ from: [], to: [] }), [`${RULE}.from`, `${RULE}.to`]],
    [
      "has parts of rules that ask for something",
      rules({ from: [{}], to: [{}] }),
      [SOURCE, OPERATION],
    ],
  ]);

  it("should name ports where it denies by what only HTTP has", () => {
    const short = (rule: object) =>
      shortFindingsOf("AuthorizationPolicy", { action: "DENY", rules: [rule] });
    const methods = { to: [{ operation: { methods: ["GET"] } }] };
    expect(short(methods)).toEqual([`warning ${RULE}`]);
    expect(short({ from: [{ source: { requestPrincipals: ["*"] } }] })).toEqual([
      `warning ${RULE}`,
    ]);
    expect(short({ to: [{ operation: { methods: ["GET"], ports: ["80"] } }] })).toEqual([]);
    expect(short({ from: [{ source: { namespaces: ["a"] } }] })).toEqual([]);
    expect(shortFindingsOf("AuthorizationPolicy", rules(methods))).toEqual([]);
  });

  it("can have a dry run of what it allows or denies", () => {
    const dryRun = (value: string, spec: object = {}) =>
      shortFindingsOf("AuthorizationPolicy", spec, { annotations: { "istio.io/dry-run": value } });
    expect(dryRun("true")).toEqual([]);
    expect(dryRun("yes")).toEqual(['metadata.annotations["istio.io/dry-run"]']);
    expect(dryRun("true", { action: "AUDIT" })).toEqual([
      'metadata.annotations["istio.io/dry-run"]',
    ]);
  });
});

describe("the source of an authorization rule", () => {
  tryRows("AuthorizationPolicy", [
    ["says something", from({}), [SOURCE]],
    ["has no empty values", from({ principals: ["a", ""] }), [`${SOURCE}.principals[1]`]],
    [
      "has principals without the scheme of certificates, which is nobody's",
      from({ principals: ["spiffe://a/ns/b/sa/c", "a/ns/b/sa/c"], notPrincipals: ["spiffe://*"] }),
      [`warning ${SOURCE}.principals[0]`, `warning ${SOURCE}.notPrincipals[0]`],
    ],
    [
      "has addresses and ranges of them",
      from({ ipBlocks: ["10.0.0.0/8", "a"], notRemoteIpBlocks: ["::/129"] }),
      [`${SOURCE}.ipBlocks[1]`, `${SOURCE}.notRemoteIpBlocks[0]`],
    ],
    [
      "has no IPv4 addresses that are written as IPv6, in which nobody is",
      from({ ipBlocks: ["::ffff:10.0.0.1", "::/0"], notRemoteIpBlocks: ["::ffff:a00:0/104"] }),
      [`warning ${SOURCE}.ipBlocks[0]`, `warning ${SOURCE}.notRemoteIpBlocks[0]`],
    ],
    [
      "has service accounts with or without a namespace",
      from({ serviceAccounts: ["a", "ns/a"] }),
      [],
    ],
    [
      "has service accounts by their whole names",
      from({ serviceAccounts: ["ns/*", "a/b/c", "/a"] }),
      [0, 1, 2].map((i) => `${SOURCE}.serviceAccounts[${i}]`),
    ],
    [
      "has service accounts or namespaces",
      from({ serviceAccounts: ["a"], notNamespaces: ["b"] }),
      [`${SOURCE}.serviceAccounts`],
    ],
    [
      "has trust domains, or their beginning or end",
      from({ trustDomains: ["a.b", "a*", "*b", "*"], notTrustDomains: ["a*b", "*a*", "a/b"] }),
      [0, 1, 2].map((i) => `${SOURCE}.notTrustDomains[${i}]`),
    ],
    [
      "has at most 16 service accounts",
      from({ serviceAccounts: Array<string>(17).fill("a") }),
      [`${SOURCE}.serviceAccounts`],
    ],
  ]);
});

describe("the operation of an authorization rule", () => {
  const paths = (...all: string[]) => to({ paths: all });
  const at = (...indexes: number[]) => indexes.map((index) => `${OPERATION}.paths[${index}]`);
  tryRows("AuthorizationPolicy", [
    ["says something", to({ methods: [] }), [OPERATION]],
    [
      "has ports",
      to({ ports: ["0", "65535", "65536", "http"] }),
      [`${OPERATION}.ports[2]`, `${OPERATION}.ports[3]`],
    ],
    ["has paths, prefixes and suffixes", paths("/a", "/a/*", "*/a", "*"), []],
    [
      "has paths and methods that a request can have",
      to({ paths: ["a", "a/*"], notMethods: ["get", "GET", "*", "own"] }),
      [...at(0, 1).map((path) => `warning ${path}`), `warning ${OPERATION}.notMethods[0]`],
    ],
    ["has templates of paths", paths("/a/{*}/b", "/{*}/{**}"), []],
    ["has templates for whole segments", paths("/a{*}", "/{a}", "/{*}/{"), at(0, 1, 2)],
    ["has templates that end with {**}", paths("/{**}/{*}", "/{**}/{**}"), at(0, 1)],
    ["has templates without other wildcards", paths("/{*}/a*"), at(0)],
  ]);
});

describe("the condition of an authorization rule", () => {
  tryRows("AuthorizationPolicy", [
    ["asks for an attribute", when(""), [`${CONDITION}.key`]],
    ["asks for something of it", when("source.principal"), [CONDITION]],
    ["asks for attributes that there are", when("constructor", "a"), [`${CONDITION}.key`]],
    [
      "asks for a member where there are several",
      when("request.headers", "a"),
      [`${CONDITION}.key`],
    ],
    ["can ask for a header or a claim", when("request.headers[:path]", "a"), []],
    ["asks for addresses", when("remote.ip", "10.0.0.1", "a"), [`${CONDITION}.values[1]`]],
    ["asks for ports", when("destination.port", "80", "http"), [`${CONDITION}.values[1]`]],
    ["has no empty values", when("connection.sni", ""), [`${CONDITION}.values[0]`]],
    ["asks for trust domains", when("source.trustDomain", "a*b"), [`${CONDITION}.values[0]`]],
    [
      "asks for at most 16 service accounts",
      when("source.serviceAccount", ...Array<string>(17).fill("a")),
      [`${CONDITION}.values`],
    ],
  ]);

  it("is told what was probably meant", () => {
    const [finding] = findingsOf("AuthorizationPolicy", when("source.namespaces", "a"));
    expect(finding?.message).toContain('(did you mean "source.namespace"?)');
  });
});

describe("what a policy is for", () => {
  const ref = (rest: object = {}) => ({ kind: "Service", name: "a", ...rest });
  tryRows("AuthorizationPolicy", [
    [
      "can be services of its namespace, whose waypoints nobody has",
      { targetRefs: [ref(), ref({ group: "core" })] },
      ["warning spec.targetRefs[0]", "warning spec.targetRefs[1]"],
    ],
    [
      "can be gateways",
      { targetRef: { group: "gateway.networking.k8s.io", kind: "Gateway", name: "a" } },
      [],
    ],
    ["is nothing else", { targetRefs: [ref({ kind: "Pod" })] }, ["spec.targetRefs[0]"]],
    [
      "is in its own namespace",
      { targetRef: ref({ namespace: "other" }) },
      ["warning spec.targetRef", "spec.targetRef.namespace"],
    ],
    [
      "is said in one way",
      { targetRefs: [ref()], selector: { matchLabels: { a: "b" } } },
      ["warning spec.targetRefs[0]", "spec.targetRefs"],
    ],
    [
      "is said in one way, though that says nothing",
      { targetRefs: [], selector: { matchLabels: { a: "b" } } },
      ["spec.targetRefs"],
    ],
    [
      "is selected by names of labels",
      { selector: { matchLabels: { "": "b" } } },
      ['spec.selector.matchLabels[""]'],
    ],
    ["is at most 16 things", { targetRefs: Array(17).fill(ref()) }, ["spec.targetRefs"]],
  ]);
});
