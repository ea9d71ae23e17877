/** `fairlead plan` against a control plane that runs. */
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { run } from "../../unit/cli/run.js";
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

test("compares with what is in force, for the proxies that are connected, and touches nothing", async () => {
  const { config, state, overTls, token, controlPlane } = await start(MESH);
  const proxy = { ...overTls, serviceAccount: "payments", name: "caller-0" };
  await openAds({ ...proxy, token: await token() }).ask(TYPE_URL.cluster);
  const root = await mkdtemp(join(tmpdir(), "fairlead-next-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const next = join(root, "mesh");
  await cp(config, next, { recursive: true });
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
