/** A stock Envoy, a bootstrap and a join token: how it gets in, and how it comes back. */

import { randomBytes } from "node:crypto";
import { EventEmitter, on } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { status } from "@grpc/grpc-js";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { steadyClock, systemClock } from "../../src/base/clock.js";
import { Table } from "../../src/base/table/table.js";
import { openAuthority } from "../../src/ca/authority/authority.js";
import { createBuckets } from "../../src/ca/buckets.js";
import { type Authenticate, createAuthenticator } from "../../src/ca/caller/authenticate.js";
import { createGuessLimit } from "../../src/ca/caller/guess-limit.js";
import { presentedBy } from "../../src/ca/caller/presented-by.js";
import type { Proof } from "../../src/ca/caller/proof.js";
import { startServerTls } from "../../src/ca/issue/server-credentials.js";
import { createWorkloadSecrets, type SecretLease } from "../../src/ca/issue/workload-secrets.js";
import { openWorkloadStore } from "../../src/ca/issue/workload-store.js";
import { writePrivateFile } from "../../src/ca/private-file.js";
import { createToken, openTokenStore } from "../../src/ca/token/token-store.js";
import { type BootstrapOptions, buildBootstrap } from "../../src/envoy/bootstrap/bootstrap.js";
import {
  buildIdentityCluster,
  type ControlPlaneAddress,
  IDENTITY_CLUSTER,
  identityClusterAddress,
} from "../../src/envoy/bootstrap/control-plane-cluster.js";
import { buildJoinTokenFile, type JoinToken } from "../../src/envoy/bootstrap/join-credential.js";
import { createEncoder, type Encoder } from "../../src/envoy/resource/encoder.js";
import { CallRefused } from "../../src/grpc/call-refused.js";
import { GrpcServer } from "../../src/grpc/server.js";
import { findEnvoy } from "../../src/up/envoy/envoy-binary.js";
import { type EnvoyProcess, startEnvoy } from "../../src/up/envoy/envoy-process.js";
import { createAdsServer } from "../../src/xds/ads-server.js";
import { addAdsService } from "../../src/xds/ads-service.js";
import { SERVER_LIMITS } from "../../src/xds/limits.js";
import { type EncodedResource, type ResourceView, TYPE_URL } from "../../src/xds/resource.js";
import type { OpenRequest, Session, XdsSessions } from "../../src/xds/session.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const HOUR = 3_600_000;
const SERVER_NAME = "istiod.istio-system.svc";

let encoder: Encoder;
let binary: string;

beforeAll(async () => {
  encoder = createEncoder(readFileSync(join(ROOT, "gen", "envoy.binpb")));
  const { FAIRLEAD_ENVOY: named, PATH: path } = process.env;
  binary = (await findEnvoy({ named, path, installation: ROOT })).file;
});

/** What happens at a control plane, in words: `let in by token abc`, `refused: token-used-up`, `pushed Secret, 2 new`. */
interface Log {
  /** Waits for the next event that contains a text, and returns all since the last call up to it. */
  readonly until: (text: string) => Promise<readonly string[]>;
  readonly add: (event: string) => void;
}

function createLog(): Log {
  const emitter = new EventEmitter();
  const events = on(emitter, "event");
  return {
    add: (event) => {
      emitter.emit("event", event);
    },
    until: async (text) => {
      const seen: string[] = [];
      for (;;) {
        const { value } = (await events.next()) as { value: [string] };
        seen.push(value[0]);
        if (value[0].includes(text)) return seen;
      }
    },
  };
}

interface ControlPlane {
  readonly port: number;
  readonly log: Log;
  readonly roots: readonly string[];
  readonly token: () => Promise<string>;
  /** Ends all streams, as a network would. */
  readonly breakStreams: () => void;
  readonly stop: () => Promise<void>;
}

interface ControlPlaneOptions {
  readonly port?: number;
  readonly workloadTtlMs?: number;
  /** The name that its certificate must have for a proxy that comes back. */
  readonly identityName?: string;
}

/** As much of a control plane as joining needs, on the state of the one before. */
async function startControlPlane(
  state: string,
  { port = 0, workloadTtlMs = HOUR, identityName = SERVER_NAME }: ControlPlaneOptions = {},
): Promise<ControlPlane> {
  const log = createLog();
  const now = Date.now;
  const onError = (error: unknown): void => {
    log.add(`error: ${String(error)}`);
  };
  const authority = await openAuthority({ stateDirectory: state, now, workloadTtlMs });
  const tokens = await openTokenStore(state, now);
  const secrets = createWorkloadSecrets({
    ...{ authority, clock: systemClock, onError },
    store: await openWorkloadStore({ stateDirectory: state, authority, now, onError }),
    validation: () => ({ trustedCa: { inlineString: authority.roots.join("") } }),
    descriptions: createBuckets({ now, capacity: 10, refillPerSecond: 1, maxKeys: 10 }),
    revoked: () => false,
    encode: (typeName, json) => encoder.encode(typeName, json),
    onChange: () => {
      log.add("renewed");
      ads.publish();
    },
  });
  const guesses = createGuessLimit({ now });
  const authenticate = createAuthenticator({ authority, tokens, now, guesses });
  const { sessions, breakStreams } = createSessions(log, authenticate, async (proof, metadata) => {
    const address = identityClusterAddress(metadata);
    const lease = await secrets.hold(proof);
    return { lease, view: viewOf(lease, { ...address!, subjectAltName: identityName }) };
  });
  const ads = createAdsServer({
    ...{ sessions, registry: encoder.registry, clock: steadyClock },
    observer: {
      pushed: ({ typeUrl, changed }) => {
        log.add(`pushed ${wordOf(typeUrl)}, ${changed} new`);
      },
      acked: ({ typeUrl }) => {
        log.add(`accepted ${wordOf(typeUrl)}`);
      },
    },
  });
  const tls = await startServerTls({ authority, clock: systemClock, onError });
  const server = new GrpcServer(SERVER_LIMITS, tls.source);
  addAdsService(server, ads);
  const stop = async (): Promise<void> => {
    await Promise.all([server.close(), tls.stop(), secrets.stop()]);
  };
  onTestFinished(stop);
  const boundPort = await server.listen({ host: "127.0.0.1", port });
  const request = { namespace: "default", serviceAccount: "payments", ttlMs: HOUR, uses: 1 };
  const token = async (): Promise<string> => (await createToken(tokens, request)).text.reveal();
  return { port: boundPort, log, roots: authority.roots, token, breakStreams, stop };
}

interface HeldView {
  readonly lease: SecretLease;
  readonly view: () => ResourceView;
}

function createSessions(
  log: Log,
  authenticate: Authenticate,
  hold: (proof: Proof, metadata: Readonly<Record<string, unknown>>) => Promise<HeldView>,
): { readonly sessions: XdsSessions; readonly breakStreams: () => void } {
  const ends = new Set<() => void>();
  const open = async ({ node, peer, refuse }: OpenRequest): Promise<Session> => {
    const result = await authenticate(presentedBy(peer));
    if (result.kind !== "proved") {
      log.add(`refused: ${result.kind === "refused" ? result.refusal.reason : result.kind}`);
      throw new CallRefused(status.UNAUTHENTICATED, "refused");
    }
    log.add(`let in by ${result.proof.method} ${result.proof.evidence}`);
    const { lease, view } = await hold(result.proof, node.metadata ?? {});
    const end = (): void => {
      refuse(new CallRefused(status.UNAVAILABLE, "the network is down"));
    };
    ends.add(end);
    return {
      ...{ id: node.id, view },
      closed: () => {
        ends.delete(end);
        lease.release();
      },
    };
  };
  const breakStreams = (): void => {
    for (const end of ends) end();
  };
  return { sessions: { open }, breakStreams };
}

/** The cluster to come back by, the secrets for it, and no listeners; the same object until a secret is renewed. */
function viewOf(lease: SecretLease, address: ControlPlaneAddress): () => ResourceView {
  const cluster = encoder.encode("envoy.config.cluster.v3.Cluster", buildIdentityCluster(address));
  const views = new WeakMap<object, ResourceView>();
  return () => {
    const resources = lease.resources();
    const view =
      views.get(resources) ??
      new Map([
        [
          TYPE_URL.cluster,
          Table.from([[IDENTITY_CLUSTER, { name: IDENTITY_CLUSTER, ...cluster }]]),
        ],
        [TYPE_URL.listener, Table.empty<EncodedResource>()],
        [TYPE_URL.secret, Table.from(resources.map((secret) => [secret.name, secret] as const))],
      ]);
    views.set(resources, view);
    return view;
  };
}

function wordOf(typeUrl: string): string {
  return typeUrl.split(".").at(-1) ?? "";
}

async function newDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "fairlead-stock-envoy-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** An Envoy with an address of its own, so that its ports are free. */
async function startStockEnvoy(
  controlPlane: ControlPlane,
  token: JoinToken,
  protocol: BootstrapOptions["protocol"] = "delta",
): Promise<EnvoyProcess> {
  const [a = 0, b = 0, c = 0] = randomBytes(3);
  const address = `127.${64 + (a % 128)}.${b}.${1 + (c % 254)}`;
  const directory = await newDirectory();
  const bootstrap = buildBootstrap({
    node: {
      ...{ type: "sidecar", name: "payments-0", namespace: "default" },
      ...{ addresses: [address], serviceAccount: "payments" },
    },
    controlPlane: {
      ...{ transport: "tls", host: "127.0.0.1", port: controlPlane.port, token },
      subjectAltName: SERVER_NAME,
      rootCertificates: { inline: controlPlane.roots.join("") },
    },
    protocol,
    admin: { address, port: 15000 },
    status: { address, port: 15021 },
    metrics: { address, port: 15090 },
  });
  const envoy = startEnvoy({
    ...{ binary, bootstrap, directory, admin: { address, port: 15000 } },
    logFile: join(directory, "envoy.log"),
  });
  onTestFinished(async () => {
    await envoy.stop();
  });
  return envoy;
}

/** Starts a control plane and an Envoy, and waits until that has joined and holds its certificate. */
async function joinMesh(
  protocol: BootstrapOptions["protocol"],
  options: ControlPlaneOptions = {},
): Promise<{ state: string; controlPlane: ControlPlane; envoy: EnvoyProcess; token: string }> {
  const state = await newDirectory();
  const controlPlane = await startControlPlane(state, options);
  const token = await controlPlane.token();
  const envoy = await startStockEnvoy(controlPlane, { inline: token }, protocol);
  const events = await controlPlane.log.until("accepted Secret");
  expect(events[0]).toMatch(/^let in by token/);
  await envoy.ready();
  return { state, controlPlane, envoy, token };
}

test.each(["delta", "state-of-the-world"] as const)(
  "an Envoy joins by its token and comes back by its certificate, by %s",
  async (protocol) => {
    const { state, controlPlane } = await joinMesh(protocol);
    controlPlane.breakStreams();
    expect((await controlPlane.log.until("let in")).at(-1)).toMatch(/^let in by certificate/);
    await controlPlane.stop();
    const restarted = await startControlPlane(state, { port: controlPlane.port });
    expect((await restarted.log.until("let in")).at(-1)).toMatch(/^let in by certificate/);
  },
);

test("a control plane that was restarted has nothing new for it", async () => {
  const { state, controlPlane } = await joinMesh("delta");
  await controlPlane.stop();
  const { log } = await startControlPlane(state, { port: controlPlane.port });
  // Listeners are sent last.
  const events = await log.until("accepted Listener");
  expect(events.filter((event) => /[1-9]\d* new$/.test(event))).toEqual([]);
});

test("it comes back by a certificate that was renewed", async () => {
  const { controlPlane } = await joinMesh("delta", { workloadTtlMs: 6000 });
  controlPlane.breakStreams();
  const before = (await controlPlane.log.until("let in")).at(-1);
  await controlPlane.log.until("renewed");
  await controlPlane.log.until("accepted Secret");
  controlPlane.breakStreams();
  const after = (await controlPlane.log.until("let in")).at(-1);
  expect(after).toMatch(/^let in by certificate/);
  expect(after).not.toBe(before);
});

test("an Envoy with a token that was used is refused until it is given another", async () => {
  const { controlPlane, token } = await joinMesh("delta");
  const secretFile = join(await newDirectory(), "token.json");
  await writePrivateFile(secretFile, JSON.stringify(buildJoinTokenFile(token)));
  await startStockEnvoy(controlPlane, { secretFile });
  await controlPlane.log.until("refused: token-used-up");
  const another = JSON.stringify(buildJoinTokenFile(await controlPlane.token()));
  await writePrivateFile(secretFile, another);
  expect((await controlPlane.log.until("let in")).at(-1)).toMatch(/^let in by token/);
});

test("an Envoy whose certificate leads nowhere goes by its token again", async () => {
  const { controlPlane } = await joinMesh("delta", { identityName: "elsewhere.example" });
  controlPlane.breakStreams();
  expect((await controlPlane.log.until("refused")).at(-1)).toBe("refused: token-used-up");
});

test("what Envoy shows of itself has neither its token nor its key", async () => {
  const { envoy, token } = await joinMesh("delta");
  const dump = await envoy.admin("/config_dump");
  expect(dump).toContain("BEGIN CERTIFICATE");
  expect(dump).not.toContain(token);
  expect(dump).not.toContain("PRIVATE KEY");
});
