/**
 * What real Envoys do by random policies is what Istio's documentation says (`test/models/security`). With FAIRLEAD_RUNS
 * there are more of them, with FAIRLEAD_SEED others.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type IssuedCertificate, openAuthority } from "../../src/ca/authority/authority.js";
import { arrivalsAt, type Served } from "../models/security/arbitrary-arrivals.js";
import { policiesOf, settingsOf } from "../models/security/arbitrary-policies.js";
import type { Arrival, ArrivingRequest } from "../models/security/arrival.js";
import { decide, type Verdict } from "../models/security/decide.js";
import type { MeshSettings, SecurityPolicy } from "../models/security/objects.js";
import { NOW, TOKEN_WORDS } from "../models/security/tokens.js";
import type { Vocabulary } from "../models/security/vocabulary.js";
import { randomRuns } from "../random-runs.js";
import { type AuthorizationServer, startGrpcAuthorizer } from "./harness/authorizers.js";
import { explanationOf } from "./harness/explanations.js";
import {
  application,
  documents,
  meshConfiguration,
  namespace,
  outsideHosts,
} from "./harness/manifests.js";
import { ownAddress } from "./harness/own-address.js";
import { callAddress, callMutualTls } from "./harness/requests.js";
import { shareMesh } from "./harness/test-mesh.js";

const { RUNS, SEED } = randomRuns(40);
const ARRIVALS = 24;
const AT_A_TIME = 8;
const UNAUTHORIZED = 401;
const TIMEOUT_MS = 60_000 + RUNS * 5_000;

const ALICE = "cluster.local/ns/default/sa/alice";

const OWN = { trustDomain: "cluster.local", trustDomainAliases: ["old.example"] };

/** Whom CUSTOM policies ask: it lets pass who says that he is a friend. */
const AUTHORIZER = { address: ownAddress(36), port: 9002 };
const AUTHORIZER_HOST = "authorizer.example.com";
const PROVIDER = "by-grpc";
const FRIEND = { "x-user": "friend" };

/** What is edited: the configuration of the mesh, and the policies. */
function edited(
  { trustDomainAliases, pathNormalization: normalization }: MeshSettings,
  policies: readonly SecurityPolicy[],
): string {
  return documents(
    meshConfiguration({
      trustDomainAliases,
      pathNormalization: { normalization },
      extensionProviders: [
        {
          name: PROVIDER,
          envoyExtAuthzGrpc: { service: AUTHORIZER_HOST, port: AUTHORIZER.port },
        },
      ],
    }),
    ...policies.map((policy) => `\n${JSON.stringify(policy)}\n`),
  );
}

const mesh = shareMesh({
  "apps.yaml": documents(
    namespace("default", "enabled"),
    application("alice"),
    application("web"),
    application("bytes", { portName: "tcp", port: 81 }),
    outsideHosts("authorizer", {
      hosts: AUTHORIZER_HOST,
      address: AUTHORIZER.address,
      port: `number: ${AUTHORIZER.port}, name: grpc, protocol: GRPC`,
    }),
  ),
});

const started: { authorizer?: AuthorizationServer } = {};

beforeAll(async () => {
  started.authorizer = await startGrpcAuthorizer(AUTHORIZER);
});

afterAll(() => started.authorizer?.close());

const WORDS: Vocabulary = {
  rootNamespace: "istio-system",
  namespaces: ["default", "default", "shop"],
  labels: [{ app: "web" }, { app: "bytes" }, { app: "other" }],
  gateways: ["edge"],
  principals: [
    ALICE,
    "old.example/ns/default/sa/alice",
    "*/ns/default/sa/alice",
    "*/sa/bob",
    "cluster.local/ns/shop/*",
    "old.example/ns/*",
    "*",
  ],
  peers: [ALICE, "old.example/ns/shop/sa/bob", "cluster.local/ns/shop/sa/Alice"],
  serviceAccounts: ["alice", "shop/bob", "default/alice", "bob", "shop/Alice"],
  hosts: ["web", "WEB.shop", "web:80", "web.shop.svc.cluster.local"],
  hostPatterns: ["web", "WEB", "web.SHOP", "*.svc.cluster.local", "web*", "web:*", "*"],
  ports: [8080],
  otherPorts: [80, 9999],
  sources: ["127.0.0.1", "127.1.0.5"],
  blocks: ["127.0.0.0/16", "127.1.0.5", "127.0.0.0/8", "0.0.0.0/0", "::/0", "fd00::/64"],
  destinationBlocks: ["127.0.0.0/8", "10.0.0.0/8", "0.0.0.0/1"],
  ...TOKEN_WORDS,
  provider: PROVIDER,
};

/** The pods that are called: of HTTP, and of bytes. */
const PODS = { "web-0": "http", "bytes-0": "tcp" } as const;
type Pod = keyof typeof PODS;

/** What comes to the pods, and by which policies. */
interface Case {
  readonly settings: MeshSettings;
  readonly policies: readonly SecurityPolicy[];
  readonly arrivals: readonly { readonly pod: Pod; readonly arrival: Arrival }[];
}

/** A request that the authorizer lets pass; of bytes it lets none. */
const ofFriend = ({ request, ...arrival }: Arrival): Arrival =>
  request === undefined
    ? arrival
    : { ...arrival, request: { ...request, headers: { ...request.headers, ...FRIEND } } };

const isFriends = ({ request }: Arrival): boolean => request?.headers["x-user"] === "friend";

function casesOf(): readonly Case[] {
  const served = (pod: Pod): Served => ({
    address: mesh().pod(pod).addresses.pod,
    ports: { 8080: PODS[pod] },
  });
  const pods = fc.constantFrom<Pod>("web-0", "web-0", "web-0", "bytes-0");
  const cases = settingsOf(WORDS).chain((given) => {
    const settings = { ...given, ...OWN };
    const arrival = pods.chain((pod) =>
      fc
        .tuple(arrivalsAt(WORDS, settings, served(pod)), fc.boolean())
        .map(([one, isFriend]) => ({ pod, arrival: isFriend ? ofFriend(one) : one })),
    );
    return fc.record({
      settings: fc.constant(settings),
      policies: policiesOf(WORDS),
      arrivals: fc.array(arrival, { minLength: ARRIVALS, maxLength: ARRIVALS }),
    });
  });
  return fc.sample(cases, { numRuns: RUNS, seed: SEED });
}

/** The certificates of peers, by the mesh's own authority. */
async function certificates(): Promise<ReadonlyMap<string, IssuedCertificate>> {
  const authority = await openAuthority({ stateDirectory: mesh().state, now: Date.now });
  const issued = WORDS.peers.map(async (peer) => {
    const [trustDomain = "", , ns = "", , serviceAccount = ""] = peer.split("/");
    const identity = { trustDomain, namespace: ns, serviceAccount };
    return [peer, await authority.issueWorkload(identity)] as const;
  });
  return new Map(await Promise.all(issued));
}

/** The status of the answer to what comes to a pod; 0 when the connection ends without one. */
async function statusOf(
  { source, destination, tls, request }: Arrival,
  certificate: IssuedCertificate | undefined,
): Promise<number> {
  const { host = "bytes", headers = {}, ...asked } = request ?? {};
  // A URL has no port that is its scheme's own.
  const question = { ...asked, headers: { ...headers, host }, localAddress: source };
  const url = "http://called/";
  const answer =
    tls === undefined || certificate === undefined
      ? callAddress(destination, url, question)
      : callMutualTls(destination, url, {
          ...question,
          certificate,
          serverName: tls.serverName,
        });
  return answer.then(
    ({ status }) => status,
    () => 0,
  );
}

/**
 * The statuses of the answers to requests, and to bytes, that end so. Envoy has another for tokens of other audiences; and of two
 * that refuse a request the authorizer is asked first.
 */
function statusesOf(verdict: Verdict, arrival: Arrival): readonly number[] {
  const isOfBytes = arrival.request === undefined;
  const ofAuthorizer = isFriends(arrival) ? [] : [UNAUTHORIZED];
  switch (verdict) {
    case "refused by peer authentication":
      return [0];
    case "refused by request authentication":
      return [UNAUTHORIZED, 403];
    case "refused by authorization":
      return isOfBytes ? [0] : [403, ...ofAuthorizer];
    case "passes if the provider says so":
      return isOfBytes ? [0] : isFriends(arrival) ? [200] : ofAuthorizer;
    default:
      return [200];
  }
}

/** The verdict of the documentation on what comes to a pod. */
function verdictOn({ settings, policies }: Case, pod: Pod, arrival: Arrival): Verdict {
  const workload = { namespace: "default", labels: mesh().pod(pod).labels };
  return decide({ policies, mesh: settings, workload, isGateway: false, now: NOW }, arrival);
}

/** What Envoys do otherwise than they should. */
async function wrongAnswers(
  one: Case,
  shown: ReadonlyMap<string, IssuedCertificate>,
): Promise<readonly unknown[]> {
  const wrong: unknown[] = [];
  for (let i = 0; i < one.arrivals.length; i += AT_A_TIME) {
    const some = one.arrivals.slice(i, i + AT_A_TIME).map(async ({ pod, arrival }) => {
      const verdict = verdictOn(one, pod, arrival);
      const status = await statusOf(arrival, shown.get(arrival.tls?.peer ?? ""));
      return statusesOf(verdict, arrival).includes(status) ? [] : [{ arrival, verdict, status }];
    });
    wrong.push(...(await Promise.all(some)).flat());
  }
  return wrong;
}

/** What a request is to the called pod that the application of `alice` makes by its sidecar. */
function arrivalFromAlice(request: ArrivingRequest): Arrival {
  const serverName = "outbound_.80_._.web.default.svc.cluster.local";
  return {
    source: mesh().pod("alice-0").addresses.pod,
    destination: { address: mesh().pod("web-0").addresses.pod, port: 8080 },
    declared: "http",
    tls: { peer: ALICE, serverName },
    request,
  };
}

/** Whether there is mutual TLS for all: where there is not, it is for callers to find out who has it. */
function isMutualTlsEverywhere({ policies }: Case): boolean {
  const peers = policies.filter((policy) => policy.kind === "PeerAuthentication");
  const modes = peers.flatMap(({ spec }) => [
    spec.mtls,
    ...Object.values(spec.portLevelMtls ?? {}),
  ]);
  return modes.every((one) => one?.mode !== "DISABLE");
}

/** What is told of a request otherwise than it should. */
async function wrongExplanation(one: Case, asked: ArrivingRequest): Promise<readonly unknown[]> {
  const { pathname, search } = new URL(`http://web${asked.path}`);
  // Who is asked is believed to agree.
  const headers = { ...asked.headers, ...FRIEND };
  const request = { ...asked, headers, host: "web", path: `${pathname}${search}` };
  const arrival = arrivalFromAlice(request);
  const verdict = verdictOn(one, "web-0", arrival);
  const { results } = await explanationOf(
    mesh(),
    ...["--from", "alice-0.default", request.method, `http://web${request.path}`],
    ...Object.entries(request.headers).flatMap(([key, value]) => ["-H", `${key}: ${value}`]),
  );
  const [{ answeredBy, status } = { answeredBy: [], status: 0 }] = results;
  const told = answeredBy.length > 0 ? 200 : status;
  return statusesOf(verdict, arrival).includes(told ?? 0) ? [] : [{ arrival, verdict, results }];
}

test(
  "Envoys do, and explain tells, by policies what Istio's documentation says",
  async () => {
    const shown = await certificates();
    const wrong: unknown[] = [];
    for (const one of casesOf()) {
      await mesh().write("edited.yaml", edited(one.settings, one.policies));
      const request = one.arrivals.find(({ arrival }) => arrival.request !== undefined)?.arrival
        .request;
      const isExplained = isMutualTlsEverywhere(one);
      const differences = [
        ...(await wrongAnswers(one, shown)),
        ...(isExplained && request !== undefined ? await wrongExplanation(one, request) : []),
      ];
      wrong.push(
        ...differences.map((difference) => ({ difference, by: one.policies, in: one.settings })),
      );
    }
    expect(wrong).toEqual([]);
  },
  TIMEOUT_MS,
);
