/** Random policies. */
import fc, { type Arbitrary } from "fast-check";
import type {
  AuthorizationPolicy,
  Condition,
  MeshSettings,
  Operation,
  PeerAuthentication,
  RequestAuthentication,
  Rule,
  SecurityPolicy,
  Source,
  Targets,
  TlsMode,
} from "./objects.js";
import type { Vocabulary } from "./vocabulary.js";

const PATH_PATTERNS =
  "/ /admin /admin /admin* /admin/* */users * *n /a/b/c /a/b/d* /a/{*}/c /admin/{**} /a/{*}/{**} /{*} /{**} /{*}/users".split(
    " ",
  );
const METHOD_PATTERNS = ["GET", "POST", "P*", "*E", "*", "get"];
const HEADER_PATTERNS = ["*", "admin", "admin*", "*admin", "reader", "r*"];
const HEADERS = ["x-role", "X-Role", "x-team"];
const SUBJECTS = ["ann", "users/bob"];
const SERVER_NAME_PATTERNS = ["web.shop", "web*", "*.cluster.local", "*", "outbound_.80_*"];

const NAMESPACE_PATTERNS = ["default", "shop", "sh*", "*lt", "*", "Shop"];
const CLAIMS: readonly (readonly [string, readonly string[]])[] = [
  ["request.auth.claims[groups]", ["admins", "ad*", "*s", "*"]],
  ["request.auth.claims[realm][roles]", ["writer", "w*", "*"]],
  ["request.auth.claims[scope]", ["read", "read write", "*"]],
  ["request.auth.claims[level]", ["5", "*"]],
  ["request.auth.claims[note]", ["*", "x"]],
  ["request.auth.audiences", ["shop", "sh*", "other", "*"]],
  ["request.auth.presenter", ["app", "*"]],
];

const of = <T>(pool: readonly T[]): Arbitrary<T> => fc.constantFrom(...pool);

/** One to three of a pool. */
const some = <T>(pool: readonly T[]): Arbitrary<T[]> =>
  fc.array(of(pool), { minLength: 1, maxLength: 3 });

/** One to three of some fields: seldom many, as the more are asked the less often all hold. */
function fewOf(
  fields: Readonly<Record<string, Arbitrary<string[]>>>,
): Arbitrary<Record<string, string[]>> {
  return of([1, 1, 1, 2, 3])
    .chain((maxLength) => fc.uniqueArray(of(Object.keys(fields)), { minLength: 1, maxLength }))
    .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, fields[name]!]))));
}

const requestPrincipals = ({ issuers }: Vocabulary): readonly string[] => [
  "*",
  ...issuers.flatMap((issuer) => [
    ...SUBJECTS.map((subject) => `${issuer}/${subject}`),
    ...[`${issuer}/*`, `${issuer.slice(0, -2)}*`, `${issuer}/users*`, `*${issuer.slice(4)}/ann`],
  ]),
  ...["*/ann", "*ob", "*bob", "*s/bob"],
];

function sources(words: Vocabulary): Arbitrary<Source> {
  const { principals, serviceAccounts, blocks } = words;
  const byName = fewOf({
    principals: some(principals),
    notPrincipals: some(principals),
    namespaces: some(NAMESPACE_PATTERNS),
    notNamespaces: some(NAMESPACE_PATTERNS),
    requestPrincipals: some(requestPrincipals(words)),
    notRequestPrincipals: some(requestPrincipals(words)),
    ipBlocks: some(blocks),
    notIpBlocks: some(blocks),
    remoteIpBlocks: some(blocks),
    notRemoteIpBlocks: some(blocks),
  });
  const byAccount = fewOf({
    serviceAccounts: some(serviceAccounts),
    notServiceAccounts: some(serviceAccounts),
    ipBlocks: some(blocks),
    requestPrincipals: some(requestPrincipals(words)),
  });
  // A list without anything in it is as one that is not there.
  const withEmpty = byName.map((source) => ({ namespaces: [], ...source }));
  return fc.oneof({ weight: 6, arbitrary: byName }, { weight: 2, arbitrary: byAccount }, withEmpty);
}

function operations({ hostPatterns, ports, otherPorts }: Vocabulary): Arbitrary<Operation> {
  const numbers = [...ports, ...otherPorts].map(String);
  return fewOf({
    hosts: some(hostPatterns),
    notHosts: some(hostPatterns),
    ports: some(numbers),
    notPorts: some(numbers),
    methods: some(METHOD_PATTERNS),
    notMethods: some(METHOD_PATTERNS),
    paths: some(PATH_PATTERNS),
    notPaths: some(PATH_PATTERNS),
  });
}

function conditions(words: Vocabulary): Arbitrary<Condition> {
  const { blocks, destinationBlocks, principals, serviceAccounts, ports, otherPorts } = words;
  const attributes: readonly (readonly [string, readonly string[]])[] = [
    ...HEADERS.map((name) => [`request.headers[${name}]`, HEADER_PATTERNS] as const),
    ["request.headers[Host]", words.hosts],
    ["source.ip", blocks],
    ["remote.ip", blocks],
    ["source.namespace", NAMESPACE_PATTERNS],
    ["source.serviceAccount", serviceAccounts],
    ["source.principal", principals],
    ["request.auth.principal", requestPrincipals(words)],
    ...CLAIMS,
    ["destination.ip", destinationBlocks],
    ["destination.port", [...ports, ...otherPorts].map(String)],
    ["connection.sni", SERVER_NAME_PATTERNS],
  ];
  return of(attributes).chain(([key, pool]) =>
    fc.oneof(
      fc.record({ key: fc.constant(key), values: some(pool) }),
      fc.record({ key: fc.constant(key), notValues: some(pool) }),
      fc.record({ key: fc.constant(key), values: some(pool), notValues: some(pool) }),
      fc.record({ key: fc.constant(key), values: some(pool), notValues: fc.constant([]) }),
    ),
  );
}

/** An empty one now and then: it is for everything. */
function rules(words: Vocabulary): Arbitrary<Rule> {
  const from = fc.array(fc.record({ source: sources(words) }), { minLength: 1, maxLength: 2 });
  const to = fc.array(fc.record({ operation: operations(words) }), { minLength: 1, maxLength: 2 });
  const when = fc.array(conditions(words), { minLength: 0, maxLength: 2 });
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ from }) },
    { weight: 4, arbitrary: fc.record({ to }) },
    { weight: 4, arbitrary: fc.record({ when }) },
    { weight: 6, arbitrary: fc.record({ from, to, when }, { requiredKeys: [] }) },
    { weight: 1, arbitrary: fc.constant({}) },
  );
}

/** The rules of a CUSTOM policy: nothing that only a handshake or a token tells. */
function customRules(words: Vocabulary): Arbitrary<Rule> {
  const to = fc.array(fc.record({ operation: operations(words) }), { minLength: 1, maxLength: 2 });
  const attributes: readonly (readonly [string, readonly string[]])[] = [
    ["request.headers[x-role]", HEADER_PATTERNS],
    ["source.ip", words.blocks],
    ["destination.port", words.ports.map(String)],
  ];
  const when = fc.array(
    of(attributes).chain(([key, pool]) => fc.record({ key: fc.constant(key), values: some(pool) })),
    { minLength: 1, maxLength: 1 },
  );
  return fc.oneof(fc.record({ to }), fc.record({ to, when }));
}

function targets({ labels, gateways }: Vocabulary): Arbitrary<Targets> {
  const selector = of(labels).map((matchLabels) => ({ selector: { matchLabels } }));
  const gateway = of([...gateways, "other"]).map((name) => ({ kind: "Gateway", name }));
  const group = "gateway.networking.k8s.io";
  return fc.oneof(
    { weight: 8, arbitrary: fc.constant<Targets>({}) },
    { weight: 4, arbitrary: selector },
    { weight: 1, arbitrary: fc.constant<Targets>({ selector: { matchLabels: {} } }) },
    {
      weight: 1,
      arbitrary: gateway.chain((one) =>
        of<Targets>([{ targetRefs: [{ group, ...one }] }, { targetRef: { group, ...one } }]),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.constant<Targets>({
        targetRefs: [{ group: "", kind: "Service", name: "web" }],
      }),
    },
  );
}

function places({ rootNamespace, namespaces }: Vocabulary): Arbitrary<string> {
  return of([rootNamespace, rootNamespace, ...namespaces]);
}

const API_VERSION = "security.istio.io/v1";

function authorizationPolicies(words: Vocabulary): Arbitrary<AuthorizationPolicy> {
  const someRules = fc.array(rules(words), { minLength: 1, maxLength: 3 });
  const specs: Arbitrary<AuthorizationPolicy["spec"]>[] = [
    fc.record({ action: fc.constant("ALLOW" as const), rules: someRules }),
    fc.record({ rules: someRules }),
    fc.record({ action: fc.constant("DENY" as const), rules: someRules }),
    fc.record({ action: fc.constant("DENY" as const), rules: someRules }),
    fc.record({ action: of(["ALLOW", "DENY", "AUDIT"] as const), rules: someRules }),
  ];
  const weighted = [
    ...specs.map((arbitrary) => ({ weight: 4, arbitrary })),
    { weight: 1, arbitrary: fc.constant<AuthorizationPolicy["spec"]>({}) },
    { weight: 1, arbitrary: fc.constant<AuthorizationPolicy["spec"]>({ rules: [] }) },
    { weight: 2, arbitrary: fc.constant<AuthorizationPolicy["spec"]>({ rules: [{}] }) },
    ...customPolicies(words),
  ];
  // It is said of most policies that they are no dry run by saying nothing.
  const dryRun = fc.oneof({ weight: 8, arbitrary: fc.constant(undefined) }, of(["true", "false"]));
  return fc
    .tuple(places(words), targets(words), fc.oneof(...weighted), dryRun)
    .map(([namespace, target, spec, tried]): AuthorizationPolicy => {
      const isTriable = spec.action !== "AUDIT" && spec.action !== "CUSTOM";
      const annotations = isTriable && tried !== undefined ? { "istio.io/dry-run": tried } : {};
      return {
        apiVersion: API_VERSION,
        kind: "AuthorizationPolicy",
        metadata: { name: "", namespace, annotations },
        spec: { ...target, ...spec },
      };
    });
}

function customPolicies(words: Vocabulary) {
  const { provider } = words;
  if (provider === undefined) return [];
  const customs = fc.array(customRules(words), { minLength: 1, maxLength: 2 });
  const arbitrary = customs.map((all): AuthorizationPolicy["spec"] => ({
    action: "CUSTOM",
    provider: { name: provider },
    rules: all,
  }));
  return [{ weight: 4, arbitrary }];
}

function requestAuthentications(words: Vocabulary): Arbitrary<RequestAuthentication> {
  const jwtRules = fc.uniqueArray(of(words.jwtRules), { minLength: 1, maxLength: 2 });
  return fc.tuple(places(words), targets(words), jwtRules).map(
    ([namespace, target, all]): RequestAuthentication => ({
      apiVersion: API_VERSION,
      kind: "RequestAuthentication",
      metadata: { name: "", namespace },
      spec: { ...target, jwtRules: all },
    }),
  );
}

const MODES: readonly TlsMode[] = ["UNSET", "DISABLE", "PERMISSIVE", "STRICT", "STRICT"];

function peerAuthentications(words: Vocabulary): Arbitrary<PeerAuthentication> {
  const { labels, ports, otherPorts } = words;
  const mode = of(MODES).map((one) => ({ mode: one }));
  const port = of([...ports, ...ports, ...otherPorts]);
  const portLevelMtls = fc
    .array(fc.tuple(port, mode), { minLength: 1, maxLength: 2 })
    .map((pairs) => Object.fromEntries(pairs.map(([number, one]) => [String(number), one])));
  const ofWorkloads = fc.record(
    { selector: of(labels).map((matchLabels) => ({ matchLabels })), mtls: mode, portLevelMtls },
    { requiredKeys: ["selector"] },
  );
  const ofAll = fc.record({ mtls: mode }, { requiredKeys: [] });
  return fc.tuple(places(words), fc.oneof(ofWorkloads, ofAll), fc.integer({ min: 1, max: 28 })).map(
    ([namespace, spec, day]): PeerAuthentication => ({
      apiVersion: API_VERSION,
      kind: "PeerAuthentication",
      metadata: {
        name: "",
        namespace,
        creationTimestamp: `2026-01-${String(day).padStart(2, "0")}T00:00:00Z`,
      },
      spec,
    }),
  );
}

/** The policies of a mesh, each with a name of its own and no two of the same age. */
export function policiesOf(words: Vocabulary): Arbitrary<readonly SecurityPolicy[]> {
  const all = fc.tuple(
    fc.array(authorizationPolicies(words), { minLength: 2, maxLength: 6 }),
    fc.array(requestAuthentications(words), { maxLength: 3 }),
    fc.uniqueArray(peerAuthentications(words), {
      maxLength: 3,
      selector: ({ metadata }) => metadata.creationTimestamp,
    }),
  );
  return all.map((kinds) =>
    kinds
      .flat<SecurityPolicy[][]>()
      .map((policy, i) => ({ ...policy, metadata: { ...policy.metadata, name: `p${i}` } })),
  );
}

/** What may be the mesh's own name, beside the options for paths. */
export function settingsOf({ rootNamespace }: Vocabulary): Arbitrary<MeshSettings> {
  return fc.record({
    rootNamespace: fc.constant(rootNamespace),
    trustDomain: of(["cluster.local", "mesh.example"]),
    trustDomainAliases: of([[], ["cluster.local"], ["old.example", "older.example"]]),
    pathNormalization: of(["NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"] as const),
  });
}
