/** Modules of WasmPlugins that the control plane fetches, in real Envoys. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { minimalPlugin } from "../wasm/wat-module.js";
import { application, documents } from "./harness/manifests.js";
import { type Answer, call } from "./harness/requests.js";
import { shareServedMesh } from "./harness/served-mesh.js";

/** What a server of modules has, by path. */
const modules = new Map<string, Uint8Array>();
const server = createServer(({ url = "" }, response) => {
  const code = modules.get(url);
  response.writeHead(code === undefined ? 404 : 200).end(code);
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

const plugin = async (path: string, says: object = {}): Promise<string> =>
  JSON.stringify({
    apiVersion: "extensions.istio.io/v1alpha1",
    kind: "WasmPlugin",
    metadata: { name: "mark" },
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
