/** `fairlead agent`: an Envoy that comes back by itself, by a token that was used once. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { noteOutput } from "../outputs/note-output.js";
import { type Agent, agentToken, SOON, startAgentAt } from "./harness/agents.js";
import { envoyFile } from "./harness/host-programs.js";
import { application, meshConfiguration } from "./harness/manifests.js";
import { ownAddress } from "./harness/own-address.js";
import { type Answer, call, callAddress } from "./harness/requests.js";
import { type ServedMesh, serveMesh, shareServedMesh } from "./harness/served-mesh.js";

const CALLED = `
apiVersion: v1
kind: Service
metadata: { name: called }
spec: { selector: { app: called }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
`;

const FILES = {
  "front.yaml": application("front"),
  "called.yaml": CALLED,
  "mesh.yaml": meshConfiguration({ accessLogFile: "/dev/stdout" }),
};

/** Where the workload is, its application, and the calls of that. */
const ADDRESSES = { pod: ownAddress(61), app: ownAddress(62), egress: ownAddress(63) };

const mesh = shareServedMesh(FILES);
const place = { directory: "", envoy: "" };

/** Says who called, and holds a request for as long as its path says. */
const answer: RequestListener = ({ url = "", headers }, response) => {
  const held = Number(/^\/held\/(\d+)/.exec(url)?.[1] ?? 0);
  setTimeout(() => response.end(String(headers["x-forwarded-client-cert"])), held);
};
const server = createServer(answer);

beforeAll(async () => {
  place.directory = await mkdtemp(join(tmpdir(), "fairlead-agent-"));
  place.envoy = await envoyFile();
  await new Promise<void>((resolve) => server.listen(8080, ADDRESSES.app, resolve));
});

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(place.directory, { recursive: true, force: true });
});

/** Starts an agent on the machine of a name; without a token unless it is given one. */
const startAgent = (
  mesh: ServedMesh,
  machine: string,
  token?: string,
  drainTime?: string,
): Promise<Agent> =>
  startAgentAt({ ...place, addresses: ADDRESSES }, mesh, {
    machine,
    ...(token === undefined ? {} : { token }),
    ...(drainTime === undefined ? {} : { drainTime }),
  });

const callCalled = (path = "/"): Promise<Answer> =>
  call(mesh().pod("front-0"), `http://called${path}`);

/** Waits until the caller's request arrives over mutual TLS. */
async function isCalled(): Promise<void> {
  const body = async (): Promise<string> => (await callCalled()).body;
  await expect.poll(body, SOON).toContain("URI=spiffe://cluster.local/ns/default/sa/front");
}

/** Waits until there is no Envoy any more. */
async function isGone(): Promise<void> {
  const asked = (): Promise<unknown> =>
    callAddress({ address: ADDRESSES.pod, port: 15000 }, "http://admin/ready").catch(() => "gone");
  await expect.poll(asked, SOON).toBe("gone");
}

test("an agent joins by a token, and its Envoy comes back without another one when it was killed", async () => {
  const agent = await startAgent(mesh(), "killed-envoy", await agentToken(mesh()));
  await isCalled();
  await agent.until("Envoy is ready");
  process.kill(await agent.envoy(), "SIGKILL");
  await agent.until("Envoy is ready", 2);
  await isCalled();
});

test("the access log of an Envoy is the agent's output, also where nobody can open that by its name", async () => {
  // What Node gives a process to write into is a socket, as of systemd.
  const agent = await startAgent(mesh(), "access-log", await agentToken(mesh()));
  await isCalled();
  await callCalled("/noted");
  await agent.until('"GET /noted HTTP/1.1" 200');
  agent.process.kill("SIGTERM");
  await agent.until('"msg":"Envoy has ended"');
  expect(await agent.exited).toBe(0);
});

test("a machine comes back without a token, also when the control plane was away and started anew", async () => {
  const first = await startAgent(mesh(), "stopped", await agentToken(mesh()));
  await isCalled();
  first.process.kill("SIGTERM");
  expect(await first.exited).toBe(0);
  await mesh().stop();
  const second = await startAgent(mesh(), "stopped");
  await second.until("the certificate that is kept is valid");
  await second.until("Envoy starts");
  await mesh().start();
  await isCalled();
});

test("requests that are under way when an agent is to end are answered, and new ones meanwhile", async () => {
  const agent = await startAgent(mesh(), "drained", await agentToken(mesh()));
  await isCalled();
  const held = callCalled("/held/600");
  agent.process.kill("SIGTERM");
  await agent.until("Envoy ends its connections");
  expect((await callCalled()).status).toBe(200);
  expect((await held).status).toBe(200);
  expect(await agent.exited).toBe(0);
});

test("a second signal ends an agent and its Envoy at once", async () => {
  const agent = await startAgent(mesh(), "signalled", await agentToken(mesh()), "60s");
  await isCalled();
  agent.process.kill("SIGTERM");
  await agent.until("Envoy ends its connections");
  agent.process.kill("SIGTERM");
  expect(await agent.exited).toBe(130);
  await isGone();
});

test("an Envoy does not outlive an agent that is killed, and another agent goes on", async () => {
  const first = await startAgent(mesh(), "killed-agent", await agentToken(mesh()));
  await isCalled();
  first.process.kill("SIGKILL");
  await first.exited;
  await isGone();
  await startAgent(mesh(), "killed-agent");
  await isCalled();
});

test("an Envoy that starts late joins by a certificate that was renewed, and one that runs has it too", async () => {
  const short = await serveMesh({ "called.yaml": CALLED }, { workloadTtlMs: 4000 });
  const agent = await startAgent(short, "renewed", await agentToken(short));
  await agent.until("Envoy is ready");
  await agent.until('"by":"certificate"', 3);
  const isHeld = async (): Promise<boolean> => {
    const kept = await readFile(join(place.directory, "renewed", "identity.json"), "utf8");
    const [, chain = "none"] = /"inlineString":("-----BEGIN CERT[^"]*")/.exec(kept) ?? [];
    const at = { address: ADDRESSES.pod, port: 15000 };
    const path = "/config_dump?resource=dynamic_active_secrets&name_regex=kept-certificate";
    const { body } = await callAddress(at, `http://admin${path}`);
    noteOutput("secrets of an agent's Envoy", body);
    return body.includes(chain);
  };
  await expect.poll(isHeld, SOON).toBe(true);
  process.kill(await agent.envoy(), "SIGKILL");
  await agent.until("Envoy is ready", 2);
  const streams = (): number => short.records.filter(({ msg }) => msg === "proxy connected").length;
  await expect.poll(streams, SOON).toBeGreaterThan(1);
  expect(short.controlPlane().proxies()).toMatchObject([{ id: "called-0.default" }]);
});
