/** What an operator asks of a mesh of real Envoys. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { load } from "js-yaml";
import { expect, test } from "vitest";
import { TYPE_URL } from "../../src/xds/resource.js";
import { type Outcome, run } from "../unit/cli/run.js";
import { admin } from "./harness/admin.js";
import { application } from "./harness/manifests.js";
import { shareServedMesh } from "./harness/served-mesh.js";

const mesh = shareServedMesh({ "mesh.yaml": application("payments") });

const ask = (...args: readonly string[]): Promise<Outcome> =>
  run([...args, "--state", mesh().state]);

test("lists a proxy with what its Envoy asked for", async () => {
  const { code, stdout } = await ask("proxy-status");
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^NAME {5,}CLUSTER {5,}ISTIOD {5,}VERSION {5,}SUBSCRIBED TYPES\npayments-0\.default {5,}Kubernetes {5,}\S+ {5,}1\.29\.6 {5,}6 \(CDS,LDS,EDS,RDS,VHDS,SDS\)\n$/,
  );
});

test("lists proxies for programs, in JSON and in YAML alike", async () => {
  const json = JSON.parse((await ask("proxy-status", "-o", "json")).stdout) as object;
  expect(json).toMatchObject({
    resources: [
      {
        "@type": "type.googleapis.com/envoy.service.status.v3.ClientConfig",
        node: {
          id: "payments-0.default",
          metadata: { CLUSTER_ID: "Kubernetes", NAMESPACE: "default", ISTIO_VERSION: "1.29.6" },
        },
        genericXdsConfigs: expect.arrayContaining([
          expect.objectContaining({ typeUrl: TYPE_URL.cluster, configStatus: "SYNCED" }),
        ]) as object[],
      },
    ],
    typeUrl: "istio.io/debug/syncz",
    controlPlane: { identifier: expect.stringContaining('{"Component":"fairlead"') as string },
    proxies: [{ id: "payments-0.default", types: expect.any(Array) as object[] }],
  });
  expect(load((await ask("proxy-status", "-o", "yaml")).stdout)).toEqual(json);
});

test("finds that an Envoy holds exactly what it was sent", async () => {
  expect(await ask("proxy-status", "payments-0.default")).toMatchObject({
    code: 0,
    stdout: "Clusters Match\nListeners Match\nRoutes Match\n",
  });
  const { stdout } = await ask("proxy-status", "payments-0.default", "-o", "yaml");
  expect(load(stdout)).toEqual(
    ["Clusters", "Listeners", "Routes"].map((type) => ({ type, differences: [] })),
  );
});

test("finds what a saved dump of an Envoy has not", async () => {
  const dump = await admin(mesh().pod("payments-0"), "/config_dump");
  const file = join(mesh().state, "dump.json");
  await writeFile(file, dump.replaceAll("BlackHoleCluster", "WhiteHoleCluster"));
  const { stdout } = await ask("proxy-status", "payments-0", "--file", file);
  expect(stdout).toContain("Clusters Don't Match\n");
  expect(stdout).toContain("  BlackHoleCluster: sent, but not held\n");
  expect(stdout).toContain("  WhiteHoleCluster: held, but not sent\n");
});

test("logs what an Envoy is sent when that is asked for, and no longer", async () => {
  const sent = (): number => mesh().records.filter(({ msg }) => msg === "sent resources").length;
  const during = async (level: string, service: string): Promise<number> => {
    await ask("admin", "log", "--level", `ads:${level}`);
    const before = sent();
    await mesh().write(`${service}.yaml`, application(service));
    await ask("wait", "service", service);
    return sent() - before;
  };
  expect(await during("info", "orders")).toBe(0);
  expect(await during("debug", "reports")).toBeGreaterThan(0);
});

test("says which Envoy each proxy is", async () => {
  const { stdout } = await ask("version", "-o", "json");
  const version = expect.stringMatching(/^\d+\.\d+\.\d+$/) as string;
  expect(JSON.parse(stdout)).toMatchObject({
    clientVersion: { version },
    meshVersion: [{ Component: "fairlead", Info: { version, istioApi: "1.29.6" } }],
    dataPlaneVersion: [
      {
        ID: "payments-0.default",
        IstioVersion: "1.29.6",
        Type: "sidecar",
        EnvoyVersion: expect.stringMatching(/^1\.40\.\d+$/) as string,
      },
    ],
  });
  expect((await ask("version")).stdout).toMatch(
    /^client version: .*\ncontrol plane version: .*\ndata plane version: Envoy 1\.40\.\d+ \(1 proxy\)\n$/,
  );
});
