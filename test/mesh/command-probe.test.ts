/** A workload that its agent asks by a command whether it is healthy. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../unit/cli/run.js";
import { agentToken, SOON, startAgentAt } from "./harness/agents.js";
import { envoyFile } from "./harness/host-programs.js";
import { application } from "./harness/manifests.js";
import { ownAddress } from "./harness/own-address.js";
import { call } from "./harness/requests.js";
import { shareServedMesh } from "./harness/served-mesh.js";

const ADDRESSES = { pod: ownAddress(64), app: ownAddress(65), egress: ownAddress(66) };

const SERVICE = `
apiVersion: v1
kind: Service
metadata: { name: called }
spec: { selector: { app: called }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
`;

/** Healthy as long as a file is there. */
const groupOf = (file: string): string => `
apiVersion: networking.istio.io/v1
kind: WorkloadGroup
metadata: { name: called }
spec:
  template: { serviceAccount: called }
  probe: { periodSeconds: 1, failureThreshold: 2, exec: { command: [test, -e, ${file}] } }
`;

const mesh = shareServedMesh({ "front.yaml": application("front"), "called.yaml": SERVICE });
const place = { directory: "", envoy: "", addresses: ADDRESSES };
const server = createServer((_, response) => response.end());

beforeAll(async () => {
  place.directory = await mkdtemp(join(tmpdir(), "fairlead-probe-"));
  place.envoy = await envoyFile();
  await new Promise<void>((resolve) => server.listen(8080, ADDRESSES.app, resolve));
});

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(place.directory, { recursive: true, force: true });
});

const becomes = (status: number): Promise<void> =>
  expect
    .poll(async () => (await call(mesh().pod("front-0"), "http://called/")).status, SOON)
    .toBe(status);

const health = async (): Promise<string | undefined> => {
  const { stdout } = await run(["describe", "pod", "called-0", "--state", mesh().state]);
  return /Health: .*/.exec(stdout)?.[0];
};

test("is called without being asked where its agent runs no command", async () => {
  await mesh().writeForTest("group.yaml", groupOf(join(place.directory, "never")));
  await startAgentAt(place, mesh(), {
    ...{ machine: "unasked", token: await agentToken(mesh()), options: ["--group", "called"] },
  });
  await becomes(200);
});

test("is called as long as the command ends with 0, also after the control plane was away", async () => {
  const file = join(place.directory, "healthy");
  await mesh().writeForTest("group.yaml", groupOf(file));
  const agent = await startAgentAt(place, mesh(), {
    ...{ machine: "asked", token: await agentToken(mesh()) },
    options: ["--group", "called", "--config", mesh().directory, "--command-probe"],
  });
  await agent.until("the application is not healthy");
  await agent.until("Envoy is ready");
  await expect.poll(health, SOON).toBe("Health: unhealthy (no right answer)");
  await becomes(503);
  await writeFile(file, "");
  await becomes(200);
  expect(await health()).toBe("Health: healthy");
  await rm(file);
  await becomes(503);
  await mesh().stop();
  await agent.until("the control plane is not told how the application is");
  await writeFile(file, "");
  await agent.until("the application is healthy", 2);
  await mesh().start();
  await becomes(200);
});
