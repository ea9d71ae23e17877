import { expect, test } from "vitest";
import { type FollowedModules, followModules } from "../../../../src/app/followed/wasm-modules.js";
import { parseOffline } from "../../../../src/config/parse-offline.js";
import type { ConfigSnapshot } from "../../../../src/config/snapshot.js";
import { moduleKey } from "../../../../src/mesh/extension/wasm-modules.js";
import type { FetchedModule, ModuleSource } from "../../../../src/wasm/fetch-module.js";
import { fakeClock } from "../../base/fake-clock.js";

const URL = "oci://registry.example.com/filter:v1";

const always = { url: URL, imagePullPolicy: "Always" };

const plugin = (name: string, spec: object): string => `
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: { name: ${name} }
spec: ${JSON.stringify(spec)}
---`;

const extension = (name: string, spec: object): string =>
  plugin(name, spec).replace("WasmPlugin", "TrafficExtension");

const secret = (name: string, config: string): string => `
apiVersion: v1
kind: Secret
metadata: { name: ${name} }
type: kubernetes.io/dockerconfigjson
stringData: { .dockerconfigjson: ${JSON.stringify(config)} }
---`;

const snapshotOf = (...resources: readonly string[]): ConfigSnapshot =>
  parseOffline([{ path: "mesh.yaml", text: resources.join("") }]);

const keyOf = (url: string, pullSecret = ""): string => moduleKey({ url, sha256: "", pullSecret });

interface Followed {
  readonly followed: FollowedModules;
  readonly asked: ModuleSource[];
  /** What was kept last. */
  readonly kept: () => ReadonlyMap<string, FetchedModule> | undefined;
  /** How often the mesh was to be built anew. */
  readonly told: () => number;
  /** What the modules are from now on; none when it is empty. */
  answer: string;
}

async function follow(known: Readonly<Record<string, FetchedModule>> = {}): Promise<Followed> {
  const asked: ModuleSource[] = [];
  let kept: ReadonlyMap<string, FetchedModule> | undefined;
  let told = 0;
  const followed = await followModules({
    hosts: [{ name: "registry.example.com", port: 443 }],
    fetch: (source) => {
      asked.push(source);
      return one.answer === ""
        ? Promise.reject(new Error("it is away"))
        : Promise.resolve(module(one.answer));
    },
    storage: {
      load: () => Promise.resolve(new Map(Object.entries(known))),
      save: (modules) => {
        kept = modules;
        return Promise.resolve();
      },
    },
    clock: fakeClock(),
    onError: (error) => {
      throw error;
    },
  });
  followed.onModules(() => {
    told += 1;
  });
  const one: Followed = { followed, asked, kept: () => kept, told: () => told, answer: "one" };
  return one;
}

const module = (sha256: string): FetchedModule => ({ sha256, code: Buffer.from(sha256) });

/** Lets what is under way come to rest. */
async function rest(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

test("the modules of plugins and of extensions are fetched, and kept", async () => {
  const one = await follow();
  const other = "https://registry.example.com/b.wasm";
  one.followed.follow(
    snapshotOf(
      plugin("a", { url: "registry.example.com/filter:v1" }),
      extension("b", { wasm: { url: other } }),
      extension("c", { lua: { inlineCode: "x" } }),
      plugin("d", { url: "file:///d.wasm" }),
    ),
  );
  expect([one.followed.modules().size, one.followed.diagnostics()]).toEqual([0, []]);
  await rest();
  expect(one.asked.map(({ url }) => url).sort()).toEqual([other, URL].sort());
  for (const url of [URL, other]) {
    expect(one.followed.modules().get(keyOf(url))).toEqual({ state: "ready", ...module("one") });
  }
  expect([...(one.kept()?.keys() ?? [])].sort()).toEqual([keyOf(URL), keyOf(other)].sort());
  expect(one.told()).toBeGreaterThan(0);
});

test("a plugin whose module cannot be had is told of where it stands, until it can", async () => {
  const one = await follow();
  const changes: string[] = [];
  one.followed.onChange(({ newDiagnostics, clearedDiagnostics }) => {
    changes.push(
      `${String(newDiagnostics.length)} new, ${String(clearedDiagnostics.length)} cleared`,
    );
  });
  one.followed.follow(
    snapshotOf(
      plugin("a", { url: "oci://other.io/a" }),
      extension("b", { wasm: { url: "other.io/a" } }),
    ),
  );
  const message =
    "its module cannot be had: nobody allowed to fetch from there: start with --fetch-modules other.io";
  const place = { severity: "warning", code: "wasm-module", message };
  expect(one.followed.diagnostics()).toEqual([
    {
      ...place,
      position: { file: "mesh.yaml", line: 5, column: 14 },
      resource: "WasmPlugin a.default",
    },
    {
      ...place,
      position: { file: "mesh.yaml", line: 10, column: 22 },
      resource: "TrafficExtension b.default",
    },
  ]);
  expect(one.followed.modules().get(keyOf("oci://other.io/a"))).toMatchObject({ state: "failed" });
  one.followed.follow(snapshotOf(plugin("a", { url: URL })));
  await rest();
  expect(one.followed.diagnostics()).toEqual([]);
  expect(changes).toEqual(["2 new, 0 cleared", "0 new, 2 cleared"]);
});

test("what was kept needs nobody, whatever the policy, and the table is the same while nothing is new", async () => {
  const one = await follow({ [keyOf(URL)]: module("kept") });
  one.followed.follow(snapshotOf(plugin("a", always)));
  await rest();
  const modules = one.followed.modules();
  expect(modules.get(keyOf(URL))).toEqual({ state: "ready", ...module("kept") });
  one.followed.follow(snapshotOf(plugin("a", { url: URL }), secret("x", "{}")));
  await rest();
  expect(one.followed.modules()).toBe(modules);
  expect([one.asked, one.told(), one.kept()]).toEqual([[], 0, undefined]);
});

test("what nobody names any more is not kept", async () => {
  const one = await follow({ [keyOf(URL)]: module("kept") });
  one.followed.follow(snapshotOf(plugin("a", { url: URL })));
  one.followed.follow(snapshotOf());
  await one.followed.close();
  expect(one.followed.modules().size).toBe(0);
  expect(one.kept()).toEqual(new Map());
});

test("a plugin that is written anew has its module fetched anew where its policy says so", async () => {
  const one = await follow({ [keyOf(URL)]: module("kept") });
  one.followed.follow(snapshotOf(plugin("a", { url: URL, priority: 1 })));
  one.followed.follow(snapshotOf(plugin("a", { url: URL, priority: 2 })));
  await rest();
  expect(one.asked).toEqual([]);
  one.followed.follow(snapshotOf(plugin("a", { ...always, priority: 2 })));
  expect(one.followed.modules().get(keyOf(URL))).toMatchObject(module("kept"));
  await rest();
  expect(one.followed.modules().get(keyOf(URL))).toMatchObject(module("one"));
  expect(one.asked).toHaveLength(1);
});

test("the module before stays in force while a newer one cannot be had, and its author is told", async () => {
  const one = await follow({ [keyOf(URL)]: module("kept") });
  one.answer = "";
  one.followed.follow(snapshotOf(plugin("a", { ...always, priority: 1 })));
  const before = one.followed.modules();
  one.followed.follow(snapshotOf(plugin("a", { ...always, priority: 2 })));
  await rest();
  expect(one.followed.modules()).toBe(before);
  expect(one.followed.diagnostics()).toMatchObject([
    {
      message:
        "the module that was fetched before stays in force, since a newer one cannot be had: it is away",
    },
  ]);
});

test("the pull secret is that of the plugin's namespace, and has to be there", async () => {
  const one = await follow();
  const named = plugin("a", { url: URL, imagePullSecret: "registry" });
  one.followed.follow(snapshotOf(named));
  await rest();
  expect(one.asked).toEqual([]);
  expect(one.followed.modules().get(keyOf(URL, "default/registry"))).toEqual({
    state: "failed",
    problem: "its imagePullSecret default/registry is no Secret with a .dockerconfigjson",
  });
  one.followed.follow(snapshotOf(named, secret("registry", "the config")));
  await rest();
  expect(one.asked).toEqual([{ url: URL, sha256: "", credentials: "the config" }]);
  expect(one.followed.diagnostics()).toEqual([]);
});

test("a server of files is shown no pull secret", async () => {
  const one = await follow();
  const url = "https://registry.example.com/a.wasm";
  one.followed.follow(
    snapshotOf(plugin("a", { url, imagePullSecret: "registry" }), secret("registry", "the config")),
  );
  await rest();
  expect(one.asked).toEqual([{ url, sha256: "" }]);
});
