/** A module that Envoy refuses, and a control plane that is started when it is already there. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { minimalPlugin } from "../wasm/wat-module.js";
import { application, documents } from "./harness/manifests.js";
import { call } from "./harness/requests.js";
import { type ServedMesh, serveMesh } from "./harness/served-mesh.js";

/** An extension of the server's sidecar, in JSON, which is YAML. */
const extension = (kind: string, name: string, spec: object): string =>
  `${JSON.stringify({
    apiVersion: "extensions.istio.io/v1alpha1",
    kind,
    metadata: { name },
    spec: { selector: { matchLabels: { app: "called" } }, match: [{ mode: "SERVER" }], ...spec },
  })}\n`;

/** A plugin whose module is a file that the test has written. */
const plugin = (mesh: ServedMesh, module: string): string =>
  extension("WasmPlugin", "odd", {
    url: `file://${join(mesh.directory, "..", module)}`,
    failStrategy: "FAIL_CLOSE",
    pluginConfig: { level: 3 },
  });

/** Leaves a mark on each answer. */
const SCRIPT = extension("TrafficExtension", "script", {
  lua: {
    inlineCode: `function envoy_on_response(response) response:headers():add("x-script", "ran") end`,
  },
});

test.each(["delta", "state-of-the-world"] as const)(
  "where an Envoy goes on with a plugin in the place of one that it refused, its listener can be changed after a restart, by %s",
  async (protocol) => {
    const apps = documents(application("caller"), application("called"));
    const mesh = await serveMesh({ "apps.yaml": apps }, { protocol });
    await writeFile(join(mesh.directory, "..", "good.wasm"), await minimalPlugin());
    await writeFile(join(mesh.directory, "..", "bad.wasm"), "this is no module");
    const outcome = async (): Promise<unknown> => {
      const { status, headers } = await call(mesh.pod("caller-0"), "http://called/");
      return [status, headers["x-plugin"], headers["x-script"]];
    };
    await mesh.write("odd.yaml", plugin(mesh, "good.wasm"));
    await expect.poll(outcome).toEqual([200, "minimal", undefined]);
    await mesh.write("odd.yaml", plugin(mesh, "bad.wasm"));
    expect(await outcome()).toEqual([200, "minimal", undefined]);
    await mesh.stop();
    await mesh.start();
    expect(await outcome()).toEqual([200, "minimal", undefined]);
    await mesh.write("other.yaml", SCRIPT);
    await expect.poll(outcome, { timeout: 15_000 }).toEqual([200, "minimal", "ran"]);
  },
);
