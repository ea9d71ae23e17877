/** `fairlead plan` against a control plane that runs. */
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { expect, onTestFinished, test, vi } from "vitest";
import { DEBUG_SOCKET } from "../../../src/debug/api/debug-names.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { run } from "../../unit/cli/run.js";
import { createPair, type Pair } from "../../unit/config/certificates.js";
import { openAds } from "../app/ads-client.js";
import { start } from "../app/start.js";

vi.setConfig({ testTimeout: 30_000 });

const MESH = `
apiVersion: v1
kind: Service
metadata: { name: payments }
spec: { selector: { app: payments }, ports: [{ name: http, port: 80 }] }
---
apiVersion: v1
kind: Secret
metadata: { name: password }
stringData: { password: nobody-is-told }
`;

/** A copy of a directory, of the same name elsewhere. */
async function copyOf(config: string): Promise<{ readonly root: string; readonly next: string }> {
  const root = await temporaryDirectory();
  const next = join(root, "mesh");
  await cp(config, next, { recursive: true });
  return { root, next };
}

async function temporaryDirectory(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "fairlead-next-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  return root;
}

test("compares with what is in force, for the proxies that are connected, and touches nothing", async () => {
  const { config, state, overTls, token, controlPlane } = await start(MESH);
  const proxy = { ...overTls, serviceAccount: "payments", name: "caller-0" };
  await openAds({ ...proxy, token: await token() }).ask(TYPE_URL.cluster);
  const { root, next } = await copyOf(config);
  const same = await run(["plan", next, "--state", state]);
  expect(same).toEqual({ code: 0, stdout: "Nothing changes.\n", stderr: "" });

  await writeFile(join(next, "mesh.yaml"), MESH.replace("port: 80", "port: 81"));
  const { code, stdout } = await run(["plan", next, "--state", state]);
  expect(code).toBe(2);
  const lines = stdout.replaceAll(`${root}/`, "").split("\n");
  expect(lines.slice(0, 6)).toEqual([
    "~ Service payments.default (mesh/mesh.yaml:2)",
    "    spec.ports[http].port: 80 -> 81",
    "",
    "caller-0.default:",
    "  - cluster outbound|80||payments.default.svc.cluster.local",
    "  + cluster outbound|81||payments.default.svc.cluster.local",
  ]);
  expect(stdout).toContain("1 resource of the configuration, 1 of 1 proxy, 0 new findings");
  expect(stdout).not.toContain("nobody-is-told");
  expect(controlPlane.snapshot().tables.Service.get("default/payments")?.spec.ports).toMatchObject([
    { port: 80 },
  ]);
});

const redis = (name: string): string => `
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: ${name} }, ports: [{ name: redis, port: 6379 }] }
`;

test("tells of ports that sidecars which capture nothing would lead to another service, and would no longer", async () => {
  const { config, state, overTls, token } = await start(redis("carts"));
  const proxy = { ...overTls, serviceAccount: "payments", name: "caller-0" };
  const metadata = { INTERCEPTION_MODE: "NONE" };
  await openAds({ ...proxy, metadata, token: await token() }).ask(TYPE_URL.listener);
  const { root, next } = await copyOf(config);
  const planned = async (): Promise<string> =>
    (await run(["plan", next, "--state", state])).stdout.replaceAll(`${root}/`, "");

  await writeFile(join(next, "sessions.yaml"), redis("sessions"));
  const found =
    "mesh/sessions.yaml:5:46: warning[shared-port]: sidecars that capture nothing lead connections to port 6379";
  expect(await planned()).toContain(
    `${found} to carts.default.svc.cluster.local, which has it too`,
  );

  await writeFile(join(config, "sessions.yaml"), redis("sessions"));
  await vi.waitFor(async () => {
    expect(await planned()).toBe("Nothing changes.\n");
  });
  await rm(join(next, "sessions.yaml"));
  expect(await planned()).toMatch(/^Findings that are gone:\n.*warning\[shared-port\]/m);
});

const GATEWAY = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: outside }
spec:
  selector: { app: ingress }
  servers:
    - port: { number: 443, name: https, protocol: HTTPS }
      hosts: [shop.example.com]
      tls: { mode: SIMPLE, credentialName: shop }
`;

const secretOf = ({ certificate, key }: Pair): string => `
apiVersion: v1
kind: Secret
metadata: { name: shop }
type: kubernetes.io/tls
stringData:
  tls.crt: ${JSON.stringify(certificate)}
  tls.key: ${JSON.stringify(key)}
`;

/** A control plane with a gateway that is connected, whose Secret is in the directory `secrets` beside the mesh's. */
async function startGateway() {
  const beside = await temporaryDirectory();
  const secrets = join(beside, "secrets");
  await mkdir(secrets);
  await writeFile(join(secrets, "shop.yaml"), secretOf(await createPair("shop.example.com")));
  const config = join(beside, "mesh");
  await mkdir(config);
  await writeFile(join(config, "mesh.yaml"), GATEWAY);
  const started = await start("", { configDirs: [config, secrets] });
  const gateway = openAds({
    ...started.overTls,
    token: await started.token("default/ingress"),
    type: "router",
    serviceAccount: "ingress",
    name: "ingress-0",
    labels: { app: "ingress" },
  });
  await gateway.ask(TYPE_URL.listener);
  const held = await gateway.ask(TYPE_URL.secret, ["kubernetes://shop"]);
  expect(held.names).toEqual(["kubernetes://shop"]);
  return { ...started, config, secrets };
}

test("takes the Secrets of the control plane for what the directory does not have", async () => {
  const { config, state } = await startGateway();
  const { next } = await copyOf(config);
  await writeFile(join(next, "mesh.yaml"), GATEWAY.replace("shop.example.com", "example.com"));
  const { code, stdout } = await run(["plan", next, "--state", state]);
  expect({ code, stdout }).toEqual({
    code: 2,
    stdout: expect.stringContaining(
      "1 resource of the configuration, 1 of 1 proxy, 0 new findings",
    ) as string,
  });
  expect(stdout).toContain("ingress-0.default:");
  expect(stdout).not.toContain("ecret");
});

test("tells that a Secret changes, and nothing of what it has", async () => {
  const { secrets, state } = await startGateway();
  const next = join(await temporaryDirectory(), "secrets");
  await cp(secrets, next, { recursive: true });
  const renewed = await createPair("shop.example.com");
  await writeFile(join(next, "shop.yaml"), secretOf(renewed));
  const { code, stdout } = await run(["plan", next, "--state", state]);
  expect(code).toBe(2);
  expect(stdout.replaceAll(next, "secrets").split("\n")).toEqual([
    "~ Secret shop.default (secrets/shop.yaml:2)",
    "",
    "ingress-0.default:",
    "  ~ secret kubernetes://shop",
    "",
    "1 resource of the configuration, 1 of 1 proxy, 0 new findings",
    "",
  ]);
  await rm(join(next, "shop.yaml"));
  await writeFile(join(next, "empty.yaml"), "# none\n");
  const without = await run(["plan", next, "--state", state]);
  expect(without.stdout).toContain("- Secret shop.default");
  expect(without.stdout).toContain("  - secret kubernetes://shop");
  expect(stdout + without.stdout).not.toMatch(/PRIVATE|CERTIFICATE/);
});

test("fails where the directory would bring errors: what was in force stays so, and nothing else changes", async () => {
  const { config, state } = await start(MESH);
  const { root, next } = await copyOf(config);
  await writeFile(join(next, "mesh.yaml"), MESH.replace("port: 80", "port: none"));
  const { code, stdout, stderr } = await run(["plan", next, "--state", state]);
  expect(code).toBe(1);
  expect(stdout.replaceAll(`${root}/`, "")).toMatch(
    /^New findings:\nmesh\/mesh\.yaml:5:\d+: error\[/,
  );
  expect(stdout).toContain("0 resources of the configuration");
  expect(stderr).toContain("the change brings errors that the configuration does not have now");
});

test("says that a control plane is older than the command", async () => {
  const state = await temporaryDirectory();
  const server = new Server();
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(
      `unix:${join(state, DEBUG_SOCKET)}`,
      ServerCredentials.createInsecure(),
      (error) => {
        if (error === null) resolve();
        else reject(error);
      },
    );
  });
  onTestFinished(() => {
    server.forceShutdown();
  });
  const { next } = await copyOf(await temporaryDirectory());
  const { code, stderr } = await run(["plan", next, "--state", state]);
  expect(code).toBe(1);
  expect(stderr).toContain("/fairlead.debug.v1.DebugService/Plan");
  expect(stderr).toContain("it is older than this command");
});
