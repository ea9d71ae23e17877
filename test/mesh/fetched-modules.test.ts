/** Modules of WasmPlugins that the control plane fetches, in real Envoys. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { minimalPlugin } from "../wasm/wat-module.js";
import { failures, startLoad } from "./harness/load.js";
import { application, documents } from "./harness/manifests.js";
import { type Answer, call } from "./harness/requests.js";
import { shareServedMesh } from "./harness/served-mesh.js";

/** What a server of modules has, by path. */
const modules = new Map<string, Uint8Array>();
/** It answers when this is over. */
let held: Promise<void> = Promise.resolve();
const server = createServer(({ url = "" }, response) => {
  void held.then(() => {
    const code = modules.get(url);
    response.writeHead(code === undefined ? 404 : 200).end(code);
  });
});

/** Its place is known before the mesh is started. */
const listening = new Promise<string>((resolve) => {
  server.listen(0, "127.0.0.1", () => {
    resolve(`127.0.0.1:${String((server.address() as AddressInfo).port)}`);
  });
});

beforeAll(async () => {
  modules.set("/one.wasm", await minimalPlugin());
  modules.set("/two.wasm", await minimalPlugin({ header: ["x-plugin", "second"] }));
  modules.set("/broken.wasm", Buffer.from("this is no module"));
});

afterAll(() => {
  server.close();
});

const mesh = shareServedMesh(
  { "apps.yaml": documents(application("caller"), application("called")) },
  { serving: async () => ({ fetchModules: [await listening] }) },
);

const plugin = async (path: string, says: object = {}, name = "mark"): Promise<string> =>
  JSON.stringify({
    apiVersion: "extensions.istio.io/v1alpha1",
    kind: "WasmPlugin",
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: "called" } },
      match: [{ mode: "SERVER" }],
      url: `http://${await listening}${path}`,
      ...says,
    },
  });

const ask = (): Promise<Answer> => call(mesh().pod("caller-0"), "http://called/");
const expectMark = (mark: string): Promise<void> =>
  vi.waitFor(
    async () => {
      expect((await ask()).headers["x-plugin"]).toBe(mark);
    },
    { timeout: 20_000, interval: 100 },
  );
const expectStatus = (status: number): Promise<void> =>
  vi.waitFor(
    async () => {
      expect((await ask()).status).toBe(status);
    },
    { timeout: 20_000, interval: 100 },
  );

const problems = () =>
  mesh()
    .controlPlane()
    .diagnostics()
    .filter(({ code }) => code === "wasm-module");

test("a module is fetched, replaced by another one, and there again after a restart without its server", async () => {
  await mesh().writeForTest("plugin.yaml", await plugin("/one.wasm"));
  await expectMark("minimal");
  await mesh().write("plugin.yaml", await plugin("/two.wasm"));
  await expectMark("second");
  modules.delete("/two.wasm");
  await mesh().stop();
  await mesh().start();
  await mesh().replaceProxy(mesh().pod("called-0"));
  await expectMark("second");
  expect(problems()).toEqual([]);
});

/** Has the server answer nothing until the result is called, or the test is over. */
function holdAnswers(): () => void {
  let release: () => void = () => undefined;
  held = new Promise((resolve) => {
    release = resolve;
  });
  onTestFinished(() => {
    release();
  });
  return release;
}

test("while a module is fetched what was before goes on, also over a restart, and no request fails", async () => {
  modules.set("/late.wasm", await minimalPlugin({ header: ["x-plugin", "late"] }));
  modules.set("/slow.wasm", await minimalPlugin({ header: ["x-plugin", "slow"] }));
  const load = startLoad(2, ask);
  const first = holdAnswers();
  await mesh().writeForTest("plugin.yaml", await plugin("/late.wasm", {}, "other"));
  await load.more(50);
  expect((await ask()).headers["x-plugin"]).toBeUndefined();
  first();
  await expectMark("late");
  const second = holdAnswers();
  await mesh().write("plugin.yaml", await plugin("/slow.wasm", {}, "other"));
  await load.more(50);
  expect((await ask()).headers["x-plugin"]).toBe("late");
  await mesh().stop();
  await mesh().start();
  await load.more(50);
  expect((await ask()).headers["x-plugin"]).toBe("late");
  second();
  await expectMark("slow");
  expect(failures(await load.stop())).toEqual([]);
});

test.each([
  ["that is not there", "/missing.wasm", {}, 503],
  ["that is none", "/broken.wasm", {}, 503],
  ["that is not there, and may be missing", "/missing.wasm", { failStrategy: "FAIL_OPEN" }, 200],
])(
  "a module %s is told of, and requests go on as its plugin says",
  async (_what, path, says, status) => {
    await mesh().writeForTest("plugin.yaml", await plugin(path, says));
    await expectStatus(status);
    await vi.waitFor(() => {
      expect(problems()).toMatchObject([{ resource: "WasmPlugin mark.default" }]);
    });
    await mesh().write("plugin.yaml", await plugin("/one.wasm", says));
    await expectMark("minimal");
    expect(problems()).toEqual([]);
  },
);
