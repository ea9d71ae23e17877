/** Two control planes of one authority, of which each knows what is registered at the other. */
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { makeGenericClientConstructor, type ServiceError, status } from "@grpc/grpc-js";
import { expect, onTestFinished, test, vi } from "vitest";
import type { FollowRegistrationsResponseJson } from "../../../gen/types/fairlead/peer/v1/peer_pb.js";
import { readOwnDescriptors } from "../../../src/app/package-files.js";
import { PEER_SERVICE } from "../../../src/app/peers/peer-messages.js";
import { type IssuedCertificate, openAuthority } from "../../../src/ca/authority/authority.js";
import { serviceDefinition } from "../../../src/debug/grpc-service.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { authorityTemplate, makeCertificate } from "../../unit/ca/make-certificate.js";
import { run } from "../../unit/cli/run.js";
import { type AdsClient, type AdsClientOptions, channelOf, openAds } from "./ads-client.js";
import { BILLING, BILLING_CLUSTER, watchEndpoints } from "./billing.js";
import { openHealth } from "./health-client.js";
import { type Started, start } from "./start.js";

vi.setConfig({ testTimeout: 60_000 });

const API = createFileRegistry(fromBinary(FileDescriptorSetSchema, await readOwnDescriptors()));
const SERVICE = serviceDefinition(API, PEER_SERVICE);
const SOON = { timeout: 20_000 };

const GROUP = `---
apiVersion: networking.istio.io/v1
kind: WorkloadGroup
metadata: { name: vms }
spec:
  template: { serviceAccount: payments, labels: { app: billing } }
  probe: { tcpSocket: { port: 8080 } }
`;

/** A directory with the files of an authority. */
async function giveAuthority(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "fairlead-peers-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const { pem, keyPem } = await makeCertificate(authorityTemplate());
  const files = { "ca-cert.pem": pem, "ca-key.pem": keyPem, "root-cert.pem": pem };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(directory, name), text, { mode: 0o600 });
  }
  return directory;
}

const peer = (port: number) => ({ peers: [{ host: "127.0.0.1", port }] });

/** A free port below those that the system gives others which ask for any, as all tests do. */
async function freePort(): Promise<number> {
  const isFree = async (port: number): Promise<boolean> => {
    const server = createServer();
    const outcome = once(server, "listening").then(
      () => true,
      () => false,
    );
    server.listen(port, "127.0.0.1");
    const free = await outcome;
    if (free) await new Promise((resolve) => server.close(resolve));
    return free;
  };
  let port = 22_000 + (process.pid % 8000);
  while (!(await isFree(port))) port++;
  return port;
}

/** A control plane, and another that follows it. */
async function startTwo(
  mesh = BILLING,
): Promise<{ readonly first: Started; readonly second: Started }> {
  const cacertsDir = await giveAuthority();
  const first = await start(mesh, { cacertsDir });
  const second = await start(mesh, { cacertsDir, ...peer(first.overTls.port) });
  return { first, second };
}

/** What a workload shows that has the labels of the service. */
async function workload(
  { overTls, token }: Started,
  changed: Partial<AdsClientOptions> = {},
): Promise<AdsClientOptions> {
  return {
    ...overTls,
    token: await token("default/payments", 9),
    ...{ serviceAccount: "payments", name: "billing-0", labels: { app: "billing" } },
    ...changed,
  };
}

async function connect(options: AdsClientOptions): Promise<AdsClient> {
  const client = openAds(options);
  await client.ask(TYPE_URL.cluster);
  return client;
}

test("a workload that registers at one is called by proxies of the other, until it is gone", async () => {
  const { first, second } = await startTwo();
  const counts = await watchEndpoints(second);
  const client = await connect(await workload(first));
  await expect.poll(() => counts, SOON).toEqual([0, 1]);
  client.close();
  await expect.poll(() => counts, SOON).toEqual([0, 1, 0]);
});

test("who is served first by a control plane that was started just now knows all endpoints", async () => {
  const cacertsDir = await giveAuthority();
  const first = await start(BILLING, { cacertsDir });
  await connect(await workload(first));
  const second = await start(BILLING, { cacertsDir, ...peer(first.overTls.port) });
  expect(await watchEndpoints(second)).toEqual([1]);
});

test("a workload that moves from one to the other is an endpoint all the time, at both", async () => {
  const cacertsDir = await giveAuthority();
  const port = await freePort();
  const first = await start(BILLING, { cacertsDir, ...peer(port) });
  const second = await start(BILLING, { cacertsDir, tlsPort: port, ...peer(first.overTls.port) });
  const one = await connect(await workload(first));
  // It is an endpoint a moment after it is answered.
  const known = await watchEndpoints(first);
  await expect.poll(() => known.at(-1), SOON).toBe(1);
  const [atFirst, atSecond] = [await watchEndpoints(first), await watchEndpoints(second)];
  const told = await followAs(first, await controlPlaneOf(first, cacertsDir));
  await expect.poll(() => [atFirst.at(-1), atSecond.at(-1)], SOON).toEqual([1, 1]);
  one.close();
  const other = await connect(await workload(second));
  await expect.poll(() => told.flatMap(({ removed = [] }) => removed), SOON).toHaveLength(1);
  expect([atFirst.lastIndexOf(0), atSecond.lastIndexOf(0)]).toEqual([-1, atSecond.indexOf(1) - 1]);
  other.close();
  await expect.poll(() => [atFirst.at(-1), atSecond.at(-1)], SOON).toEqual([0, 0]);
});

test("what is said of a workload's health at one counts at the other, also at the one where its proxy is not", async () => {
  const cacertsDir = await giveAuthority();
  const port = await freePort();
  const mesh = BILLING + GROUP;
  const first = await start(mesh, { cacertsDir, ...peer(port) });
  const second = await start(mesh, { cacertsDir, tlsPort: port, ...peer(first.overTls.port) });
  const counts = await watchEndpoints(second);
  const metadata = { AUTO_REGISTER_GROUP: "vms" };
  const changed = { labels: {}, metadata } as const;
  await connect(await workload(first, changed));
  const health = openHealth(await workload(second, changed));
  health.knock();
  await expect.poll(() => health.told, SOON).toHaveLength(1);
  const atFirst = await watchEndpoints(first);
  health.report("HEALTHY");
  await expect.poll(() => [atFirst.at(-1), counts.at(-1)], SOON).toEqual([1, 1]);
  health.report("UNHEALTHY");
  await expect.poll(() => [atFirst.at(-1), counts.at(-1)], SOON).toEqual([0, 0]);
});

/** What a control plane of an authority shows others. */
async function controlPlaneOf({ state }: Started, cacertsDirectory: string) {
  const authority = await openAuthority({ stateDirectory: state, cacertsDirectory, now: Date.now });
  return authority.issueServer([{ type: "uri", value: "spiffe://cluster.local/control-plane" }]);
}

test("it is told where a proxy is that is connected to the other, and how following that goes", async () => {
  const { first, second } = await startTwo();
  await connect(await workload(first));
  const address = `127.0.0.1:${first.overTls.port}`;
  const status = await run(["proxy-status", "--state", second.state, "-o", "json"]);
  const proxies = [{ id: "billing-0.default", clusterId: "Kubernetes" }];
  expect(JSON.parse(status.stdout)).toMatchObject({
    proxies: [],
    peers: [{ address, id: hostname(), followed: true, proxies }],
  });
  const at = ["--state", second.state];
  const table = await run(["proxy-status", ...at]);
  expect(table.stdout).toMatch(/^billing-0\.default +Kubernetes +127\.0\.0\.1:\d+ +-$/m);
  const config = await run(["proxy-config", "clusters", "billing-0", ...at]);
  expect(config.stderr).toContain(
    `the proxy billing-0.default is connected to the control plane at ${address}`,
  );
  const why = await run(["why", "billing-0.default", BILLING_CLUSTER, ...at]);
  expect(why.stderr).toContain(`is connected to the control plane at ${address}`);
  const page = await fetch(`http://127.0.0.1:${second.controlPlane.httpPort}/metrics`);
  const metrics = await page.text();
  expect(metrics).toContain(`fairlead_peer_followed{peer="${address}"} 1`);
  expect(metrics).toContain(`fairlead_peer_registrations{peer="${address}"} 1`);
});

/** Asks a control plane for its registrations: what it answers, from the first answer on, or how it refuses. */
function follow(
  port: number,
  shown: Pick<AdsClientOptions, "roots" | "certificate">,
): Promise<readonly FollowRegistrationsResponseJson[]> {
  const Client = makeGenericClientConstructor(SERVICE, "Peers");
  const client = new Client(`127.0.0.1:${port}`, channelOf(shown));
  onTestFinished(() => {
    client.close();
  });
  const method = SERVICE["FollowRegistrations"];
  if (method === undefined) throw new Error("no method");
  const call = client.makeServerStreamRequest<object, FollowRegistrationsResponseJson>(
    method.path,
    (message) => method.requestSerialize(message),
    (bytes) => method.responseDeserialize(bytes) as FollowRegistrationsResponseJson,
    {},
  );
  const told: FollowRegistrationsResponseJson[] = [];
  return new Promise((resolve, reject) => {
    call.on("data", (message: FollowRegistrationsResponseJson) => {
      told.push(message);
      resolve(told);
    });
    call.once("error", (error: ServiceError) => {
      reject(error);
    });
  });
}

const followAs = ({ overTls }: Started, certificate: IssuedCertificate) =>
  follow(overTls.port, { roots: overTls.roots, certificate });

const DENIED = expect.objectContaining({ code: status.PERMISSION_DENIED }) as unknown;

test("nobody is told of registrations but a control plane of the mesh", async () => {
  const cacertsDir = await giveAuthority();
  const { controlPlane, overTls, log, state } = await start(BILLING, { cacertsDir });
  const { port, roots } = overTls;
  const authority = await openAuthority({
    stateDirectory: state,
    cacertsDirectory: cacertsDir,
    now: Date.now,
  });
  const issueTo = (type: "uri" | "dns", ...values: string[]) =>
    authority.issueServer(values.map((value) => ({ type, value })));
  const strangers = [
    await authority.issueWorkload({
      ...{ trustDomain: "cluster.local", namespace: "istio-system", serviceAccount: "istiod" },
    }),
    await issueTo("dns", "istiod.istio-system.svc", "fairlead"),
    await issueTo("uri", "spiffe://elsewhere/control-plane"),
    await issueTo(
      "uri",
      "spiffe://cluster.local/control-plane",
      "spiffe://cluster.local/ns/a/sa/b",
    ),
  ];
  for (const certificate of strangers) {
    await expect(follow(port, { roots, certificate })).rejects.toEqual(DENIED);
  }
  await expect(follow(port, { roots })).rejects.toEqual(DENIED);
  const elsewhere = await openAuthority({
    stateDirectory: join(state, "other"),
    now: Date.now,
  });
  const foreign = await elsewhere.issueServer([
    { type: "uri", value: "spiffe://cluster.local/control-plane" },
  ]);
  await expect(follow(port, { roots, certificate: foreign })).rejects.toEqual(DENIED);
  await expect(follow(controlPlane.plaintextPort, {})).rejects.toMatchObject({
    code: status.UNIMPLEMENTED,
  });
  expect(
    log.filter((line) => line.includes('"msg":"refused somebody who is no control plane')),
  ).toHaveLength(6);

  const certificate = await issueTo("uri", "spiffe://cluster.local/control-plane");
  expect(await follow(port, { roots, certificate })).toMatchObject([{ complete: true }]);
});

test("the identity of a control plane lets nobody in as a workload", async () => {
  const cacertsDir = await giveAuthority();
  const started = await start(BILLING, { cacertsDir });
  const certificate = await controlPlaneOf(started, cacertsDir);
  const { overTls } = started;
  await expect(openAds({ ...overTls, certificate }).ask(TYPE_URL.cluster)).rejects.toMatchObject({
    code: status.UNAUTHENTICATED,
  });
});

/** Why a control plane does not follow another, as its log and its diagnostics tell. */
async function problemOf({ log }: Started): Promise<string> {
  const told = (): string | undefined =>
    log.find((line) => line.includes("another control plane is not followed"));
  await expect.poll(told, SOON).toBeDefined();
  return (JSON.parse(told() ?? "") as { readonly problem: string }).problem;
}

test("a control plane whose certificate has another name is not followed, and it is told what to do", async () => {
  const cacertsDir = await giveAuthority();
  const first = await start(BILLING, { cacertsDir, address: "127.0.0.3" });
  const peers = [{ host: "127.0.0.3", port: first.overTls.port }];
  const second = await start(BILLING, { cacertsDir, peers });
  expect(await problemOf(second)).toMatch(/have it started with --tls-name 127\.0\.0\.3$/);
  await expect
    .poll(() => second.controlPlane.diagnostics(), SOON)
    .toContainEqual(expect.objectContaining({ severity: "warning", code: "peer-not-followed" }));
});

test("a control plane of another authority is not followed", async () => {
  const first = await start(BILLING);
  const second = await start(BILLING, peer(first.overTls.port));
  expect(await problemOf(second)).toMatch(
    /give both control planes the files of one with --cacerts$/,
  );
});

test("a control plane that is to follow itself tells so, and serves", async () => {
  const cacertsDir = await giveAuthority();
  const port = await freePort();
  const one = await start(BILLING, { cacertsDir, tlsPort: port, ...peer(port) });
  await expect.poll(() => one.log.join(""), SOON).toContain("it is this control plane itself");
  await connect(await workload(one));
  const counts = await watchEndpoints(one);
  await expect.poll(() => counts.at(-1), SOON).toBe(1);
});

test("a proxy that says too much of itself is told of to nobody, and others are", async () => {
  const { first, second } = await startTwo();
  const counts = await watchEndpoints(second);
  const long = "x".repeat(100_000);
  await connect(await workload(first, { name: "long-0", metadata: { NOTE: long } }));
  await connect(await workload(first, { name: "long-1", labels: { app: "billing", note: long } }));
  await connect(await workload(first));
  await expect.poll(() => counts, SOON).toEqual([0, 1]);
  expect(first.log.filter((line) => line.includes("says so much of itself"))).toHaveLength(2);
  expect(second.log.filter((line) => line.includes("is not followed"))).toEqual([]);
});
