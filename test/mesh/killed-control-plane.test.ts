/** A control plane that is killed amid edits, again and again, and started anew while requests are made. */
import { readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "../unit/cli/run.js";
import { APPLICATION } from "./harness/host-programs.js";
import { namespacesMissing, startNetwork } from "./harness/namespaces.js";
import {
  APP_PORT,
  CALLED_MESH,
  type HostedControlPlane,
  makeDirectory,
  nameControlPlanes,
  startHostedControlPlane,
  startHostedProxy,
  workloadEntry,
} from "./harness/two-control-planes.js";

const SOON = { timeout: 30_000, interval: 50 };

const route = (edition: string): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: called}
spec:
  hosts: [called]
  http:
  - headers: {response: {set: {x-edition: ${edition}}}}
    route: [{destination: {host: called}}]
`;

const more = (name: string): string => `
apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {ports: [{name: http, port: 80}]}
`;

/** All that is kept of the configuration over a restart. */
async function savedBy({ state }: HostedControlPlane): Promise<string> {
  const directory = join(state, "config");
  const names = await readdir(directory);
  // One that is being written is gone a moment later.
  const texts = names.map((name) => readFile(join(directory, name), "utf8").catch(() => ""));
  return (await Promise.all(texts)).join("\n");
}

const PROXY = ["-m", "5", "-x", "http://127.0.0.1:15007", "http://called/"];

const missing = await namespacesMissing();

test.skipIf(missing !== undefined)(
  `a control plane that is killed amid edits has what was good in force when it is back, and no request fails${missing === undefined ? "" : ` (${missing})`}`,
  { timeout: 180_000 },
  async () => {
    const root = await makeDirectory();
    const network = await startNetwork();
    const [called, caller] = [await network.addHost("called"), await network.addHost("caller")];
    const host = await network.addHost("first");
    const put = async (name: string, text: string): Promise<void> => {
      await writeFile(join(root, "mesh", `.${name}`), text);
      await rename(join(root, "mesh", `.${name}`), join(root, "mesh", name));
    };
    const entries = [workloadEntry("called", called), workloadEntry("caller", caller)];
    await put("mesh.yaml", [CALLED_MESH, ...entries].join(""));
    let controlPlane = await startHostedControlPlane(host, root, "first");
    const application = called.start(process.execPath, [
      ...[APPLICATION, "called", String(APP_PORT), "127.0.0.1"],
    ]);
    await application.wrote(/listening/);
    for (const one of [called, caller]) await nameControlPlanes(one, [host]);
    const { state } = controlPlane;
    await startHostedProxy(called, "called", { root, state });
    await startHostedProxy(caller, "caller", { root, state });
    const stop = join(root, "stop");
    const request = `curl -s -o /dev/null -w '%{http_code}\\n' ${PROXY.join(" ")}`;
    const load = caller.start("sh", [
      ...["-c", `until [ -e ${stop} ]; do ${request}; sleep 0.02; done; echo over`],
    ]);
    await load.wrote(/200/);
    const edition = async (): Promise<string | undefined> =>
      /^x-edition: (\S+)\r$/m.exec(await caller.exec("curl", ["-si", ...PROXY]))?.[1];

    for (const good of ["one", "two", "three"]) {
      await put("route.yaml", route(good));
      await expect.poll(edition, SOON).toBe(good);
      await expect.poll(() => savedBy(controlPlane), SOON).toContain(`"x-edition":"${good}"`);
      await put("route.yaml", "apiVersion: [");
      const killed = controlPlane.process.kill();
      await put("more.yaml", more(good));
      await killed;
      controlPlane = await startHostedControlPlane(host, root, "first");
      for (const name of ["called", "caller"]) {
        await controlPlane.process.wrote(new RegExp(`${name}-0\\.default[^\\n]*"proxy connected"`));
      }
      expect((await run(["wait", "--state", state])).code).toBe(0);
      expect(await edition()).toBe(good);
      const { stdout } = await run(["proxy-config", "clusters", "caller-0", "--state", state]);
      expect(stdout).toContain(`${good}.default.svc.cluster.local`);
    }
    await writeFile(stop, "");
    await load.wrote(/over/);
    const codes = load.output().trim().split("\n").slice(0, -1);
    expect(codes.filter((code) => code !== "200")).toEqual([]);
  },
);
