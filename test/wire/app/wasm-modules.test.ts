/** The modules of plugins as a control plane has them fetched, and keeps them over a restart. */
import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { ControlPlane } from "../../../src/app.js";
import type { Diagnostic } from "../../../src/base/diagnostic.js";
import {
  digestOf,
  type FileServer,
  putImage,
  startFileServer,
  WASM_LAYER,
} from "../../wasm/file-server.js";
import { minimalPlugin } from "../../wasm/wat-module.js";
import { makePlace, type Place, startAt } from "./place.js";

const plugin = (url: string, more = ""): string => `
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: filter, namespace: shop}
spec: {url: "${url}"${more}}
`;

const modulesIn = ({ state }: Place): Promise<string[]> => readdir(join(state, "wasm-modules"));

const SERVICE = `
apiVersion: v1
kind: Service
metadata: {name: payments}
spec: {ports: [{port: 80}]}
`;

const problemsOf = (controlPlane: ControlPlane): readonly Diagnostic[] =>
  controlPlane.diagnostics().filter(({ code }) => code === "wasm-module");

async function putPlugin(server: FileServer, value: string, tag: string): Promise<string> {
  const body = await minimalPlugin({ header: ["x-plugin", value] });
  putImage(server, "filter", [{ mediaType: WASM_LAYER, body }], tag);
  return digestOf(body).slice("sha256:".length);
}

/** A control plane that has fetched and kept the module of its plugin. */
async function startFetched() {
  const [place, server] = [await makePlace(), await startFileServer()];
  const sha256 = await putPlugin(server, "a", "v1");
  await writeFile(join(place.config, "filter.yaml"), plugin(`oci://${server.host}/filter:v1`));
  const first = await startAt(place, { fetchModules: [server.host] });
  await vi.waitFor(async () => {
    expect(await modulesIn(place)).toEqual([sha256]);
  });
  return { place, server, sha256, first };
}

test("a module that was fetched is kept, and a restart needs nobody to have it", async () => {
  const { place, server, sha256, first } = await startFetched();
  const page = await fetch(`http://127.0.0.1:${String(first.httpPort)}/metrics`);
  expect(await page.text()).toContain('wasm_remote_fetch_count{result="success"} 1');
  expect(problemsOf(first)).toEqual([]);
  await first.close();
  expect((await stat(join(place.state, "wasm-modules", sha256))).mode & 0o777).toBe(0o600);
  expect((await stat(join(place.state, "wasm-modules.json"))).mode & 0o777).toBe(0o600);

  const asked = server.asked.length;
  const second = await startAt(place, { fetchModules: [server.host] });
  expect(problemsOf(second)).toEqual([]);
  await second.close();
  expect(server.asked).toHaveLength(asked);
  expect(await modulesIn(place)).toEqual([sha256]);
});

test("a module that was tampered with while nobody served is fetched again", async () => {
  const { place, server, sha256, first } = await startFetched();
  await first.close();
  const file = join(place.state, "wasm-modules", sha256);
  await writeFile(file, "something else", { mode: 0o600 });

  const second = await startAt(place, { fetchModules: [server.host] });
  await vi.waitFor(async () => {
    expect((await stat(file)).size).toBeGreaterThan(100);
  });
  await second.close();
});

test("the next version takes the place of the one before, also on the disk", async () => {
  const [place, server] = [await makePlace(), await startFileServer()];
  const [one, two] = [await putPlugin(server, "a", "v1"), await putPlugin(server, "b", "v2")];
  const file = join(place.config, "filter.yaml");
  await writeFile(file, plugin(`oci://${server.host}/filter:v1`));
  await startAt(place, { fetchModules: [server.host] });
  await vi.waitFor(async () => {
    expect(await modulesIn(place)).toEqual([one]);
  });
  await writeFile(file, plugin(`oci://${server.host}/filter:v2`));
  await vi.waitFor(async () => {
    expect(await modulesIn(place)).toEqual([two]);
  });
  await writeFile(file, SERVICE);
  await vi.waitFor(async () => {
    expect(await modulesIn(place)).toEqual([]);
  });
});

test("nobody is called whom nobody allowed, and the plugin's author is told of it", async () => {
  const [place, server] = [await makePlace(), await startFileServer()];
  await putPlugin(server, "a", "v1");
  await writeFile(join(place.config, "filter.yaml"), plugin(`oci://${server.host}/filter:v1`));
  const controlPlane = await startAt(place);
  expect(problemsOf(controlPlane)).toMatchObject([
    {
      severity: "warning",
      code: "wasm-module",
      message: `its module cannot be had: nobody allowed to fetch from there: start with --fetch-modules ${server.host}`,
      position: { file: join(place.config, "filter.yaml"), line: 5, column: 13 },
      resource: "WasmPlugin filter.shop",
    },
  ]);
  expect(server.asked).toEqual([]);
});

test("what is no host is refused when a control plane is to start", async () => {
  const place = await makePlace();
  await expect(startAt(place, { fetchModules: ["https://registry.example.com"] })).rejects.toThrow(
    '"https://registry.example.com" is no host that modules can be fetched from',
  );
});
