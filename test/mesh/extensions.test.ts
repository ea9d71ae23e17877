/** WasmPlugins and TrafficExtensions in real Envoys. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { minimalPlugin } from "../wasm/wat-module.js";
import { stats } from "./harness/admin.js";
import { failures, startLoad } from "./harness/load.js";
import { application, documents, HTTP_GATEWAY } from "./harness/manifests.js";
import { type Answer, call, callAddress, echoOf, keepAliveAgent } from "./harness/requests.js";
import { type ServedMesh, shareServedMesh } from "./harness/served-mesh.js";

/** A file of JSON, which is YAML, with one extension. */
const extension = (kind: string, name: string, spec: object, namespace = "default"): string =>
  `\n${JSON.stringify({
    apiVersion: "extensions.istio.io/v1alpha1",
    kind,
    metadata: { name, namespace },
    spec,
  })}\n`;

/** A script that leaves its mark on each request. */
const marking = (mark: string): { readonly lua: object } => ({
  lua: {
    inlineCode: `
      function envoy_on_request(request)
        local before = request:headers():get("x-passed") or ""
        request:headers():replace("x-passed", before .. "${mark},")
      end`,
  },
});

const script = (name: string, spec: object = {}, namespace?: string): string =>
  extension("TrafficExtension", name, { ...marking(name), ...spec }, namespace);

const CALLED = { selector: { matchLabels: { app: "called" } } };
const AS_SERVER = { ...CALLED, match: [{ mode: "SERVER" }] };

const MESH = documents(
  application("caller"),
  application("called"),
  application("bytes", { portName: "tcp", port: 9000 }),
  HTTP_GATEWAY,
  `
apiVersion: v1
kind: Service
metadata: { name: other }
spec:
  selector: { app: called }
  ports: [{ name: http, port: 8088, targetPort: 8080 }]
`,
  `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: front }
spec:
  hosts: ["*"]
  gateways: [istio-system/edge]
  http: [{ route: [{ destination: { host: called.default.svc.cluster.local } }] }]
`,
);

/** Refuses what has passed some extensions before it is decided. */
const refusing = (passed: string): string => `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: refusing, namespace: default }
spec:
  selector: ${JSON.stringify(CALLED.selector)}
  action: DENY
  rules: [{ when: [{ key: "request.headers[x-passed]", values: ["${passed}"] }] }]
`;

describe.each(["delta", "state-of-the-world"] as const)("by %s", (protocol) => {
  const mesh = shareServedMesh({ "mesh.yaml": MESH }, { protocol });

  const inside = (url = "http://called/"): Promise<Answer> => call(mesh().pod("caller-0"), url);
  const outside = (): Promise<Answer> =>
    callAddress({ address: mesh().gateway().addresses.pod, port: 8080 }, "http://example.com/");
  /** The marks of the extensions that a request passed. */
  const passed = async (answer: Promise<Answer>): Promise<string> =>
    echoOf(await answer).headers["x-passed"] ?? "";
  /** An edit is accepted before the listener that it changes has what configures the filters in it. */
  const eventually = async (check: () => Promise<void>): Promise<void> => {
    await vi.waitFor(check, { timeout: 20_000, interval: 100 });
  };

  const expectPassed = (ask: () => Promise<Answer>, marks: string): Promise<void> =>
    eventually(async () => {
      expect(await passed(ask())).toBe(marks);
    });

  test("requests pass extensions by their phases, then by their priorities, then by their names", async () => {
    const all = documents(
      script("stats", { ...AS_SERVER, phase: "STATS" }),
      script("b", AS_SERVER),
      script("a", AS_SERVER),
      script("first", { ...AS_SERVER, priority: 10 }),
      script("judge", { ...AS_SERVER, phase: "AUTHZ" }),
      script("who", { ...AS_SERVER, phase: "AUTHN", priority: -1 }),
      script("root", { ...AS_SERVER, phase: "AUTHN" }, "istio-system"),
    );
    await mesh().writeForTest("extensions.yaml", all);
    await expectPassed(inside, "root,who,judge,stats,first,a,b,");
  });

  test("policies see what extensions of the phases AUTHN and AUTHZ did, and those of later phases only what they let pass", async () => {
    await mesh().writeForTest(
      "extensions.yaml",
      documents(
        script("who", { ...AS_SERVER, phase: "AUTHN" }),
        script("judge", { ...AS_SERVER, phase: "AUTHZ" }),
        script("stats", { ...AS_SERVER, phase: "STATS" }),
      ),
    );
    await expectPassed(inside, "who,judge,stats,");
    await mesh().writeForTest("policy.yaml", refusing("who,judge,"));
    await eventually(async () => {
      expect((await inside()).status).toBe(403);
    });
    await mesh().write("policy.yaml", refusing("who,judge,stats,"));
    await expectPassed(inside, "who,judge,stats,");
  });

  test("an extension is passed by the traffic that its modes and ports select", async () => {
    await mesh().writeForTest(
      "extensions.yaml",
      documents(
        script("client", { match: [{ mode: "CLIENT" }] }),
        script("client-8088", { match: [{ mode: "CLIENT", ports: [{ number: 8088 }] }] }),
        script("client-81", { match: [{ mode: "CLIENT", ports: [{ number: 81 }] }] }),
        script("server", { match: [{ mode: "SERVER" }] }),
        script("server-8080", { match: [{ mode: "SERVER", ports: [{ number: 8080 }] }] }),
        script("server-80", { match: [{ mode: "SERVER", ports: [{ number: 80 }] }] }),
        script("twice", { match: [{ mode: "SERVER" }, { mode: "CLIENT_AND_SERVER" }] }),
      ),
    );
    // The sidecar of the caller takes all requests at the port of its HTTP proxy.
    await expectPassed(inside, "client,twice,server,server-8080,twice,");
    const { egress: address } = mesh().pod("caller-0").addresses;
    const byPort = () => callAddress({ address, port: 8088 }, "http://other/");
    await expectPassed(byPort, "client,client-8088,twice,server,server-8080,twice,");
  });

  test("at a gateway an extension's port is that of a server, wherever the gateway listens", async () => {
    await mesh().writeForTest(
      "extensions.yaml",
      documents(
        script("edge", {}, "istio-system"),
        script("edge-80", { match: [{ ports: [{ number: 80 }] }] }, "istio-system"),
        script("edge-8080", { match: [{ ports: [{ number: 8080 }] }] }, "istio-system"),
        script("server", { match: [{ mode: "SERVER" }] }, "istio-system"),
      ),
    );
    // The root namespace's are in the sidecars too: there 8080 is the port of `called`.
    await expectPassed(outside, "edge,edge-80,edge,edge-8080,server,");
  });

  test("an EnvoyFilter can change an extension's filter", async () => {
    await mesh().writeForTest("extensions.yaml", script("one", AS_SERVER));
    await expectPassed(inside, "one,");
    await mesh().writeForTest(
      "filter.yaml",
      `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: without, namespace: default }
spec:
  configPatches:
  - applyTo: HTTP_FILTER
    match:
      context: SIDECAR_INBOUND
      listener:
        filterChain:
          filter:
            name: envoy.filters.network.http_connection_manager
            subFilter: { name: extensions.istio.io/trafficextension/default.one }
    patch: { operation: REMOVE }
`,
    );
    await expectPassed(inside, "");
  });

  test("extensions come, change and go while requests go on, and a change of a script ends no connection", async () => {
    const agent = keepAliveAgent();
    const load = startLoad(4, () => call(mesh().pod("caller-0"), "http://called/", { agent }));
    const server = mesh().pod("called-0");
    const modified = async (): Promise<number | undefined> =>
      (await stats(server, "listener_manager.listener_modified")).get(
        "listener_manager.listener_modified",
      );
    await mesh().writeForTest("extensions.yaml", script("one", AS_SERVER));
    await expectPassed(inside, "one,");
    const before = await modified();
    await mesh().write("extensions.yaml", script("one", { ...AS_SERVER, ...marking("two") }));
    await expectPassed(inside, "two,");
    expect(await modified()).toBe(before);
    await mesh().remove("extensions.yaml");
    await expectPassed(inside, "");
    await load.more(50);
    expect(failures(await load.stop())).toEqual([]);
  });

  test("a module that is a file of the proxy's machine runs", async () => {
    const file = await moduleFile(mesh(), "module.wasm", await minimalPlugin());
    const plugin = { ...AS_SERVER, url: `file://${file}`, pluginConfig: { level: 3 } };
    await mesh().writeForTest("plugin.yaml", extension("WasmPlugin", "mark", plugin));
    await eventually(async () => {
      expect((await inside()).headers["x-plugin"]).toBe("minimal");
    });
  });

  test.each([
    ["fails", "FAIL_CLOSE", 503],
    ["passes", "FAIL_OPEN", 200],
  ])(
    "what goes through a module that Envoy refuses %s as its plugin says, and other traffic goes on",
    async (what, failStrategy, status) => {
      const file = await moduleFile(mesh(), "broken.wasm", Buffer.from("this is no module"));
      const plugin = { ...AS_SERVER, url: `file://${file}`, failStrategy };
      await mesh().writeForTest("plugin.yaml", extension("WasmPlugin", what, plugin));
      await eventually(async () => {
        expect((await inside()).status).toBe(status);
      });
      expect((await inside("http://bytes:9000/")).status).toBe(200);
      const told = mesh()
        .controlPlane()
        .diagnostics()
        .filter(({ code }) => code === "refused-by-proxy");
      expect(told).toMatchObject([
        {
          resource: `WasmPlugin ${what}.default`,
          position: { file: join(mesh().directory, "plugin.yaml") },
        },
      ]);
    },
  );

  const expectStatus = (status: number): Promise<void> =>
    eventually(async () => {
      expect((await inside()).status).toBe(status);
    });

  test("a plugin whose module Envoy refused, and that is removed and comes back, fails again, and runs when it is mended", async () => {
    const file = await moduleFile(mesh(), "broken.wasm", Buffer.from("this is no module"));
    const plugin = { ...AS_SERVER, url: `file://${file}`, failStrategy: "FAIL_CLOSE" };
    const text = extension("WasmPlugin", "back", plugin);
    await mesh().writeForTest("plugin.yaml", text);
    await expectStatus(503);
    await mesh().remove("plugin.yaml");
    await expectStatus(200);
    await mesh().write("plugin.yaml", text);
    await expectStatus(503);
    await mesh().remove("plugin.yaml");
    await expectStatus(200);
    const good = await moduleFile(mesh(), "module.wasm", await minimalPlugin());
    const mended = { ...plugin, url: `file://${good}`, pluginConfig: { level: 3 } };
    await mesh().write("plugin.yaml", extension("WasmPlugin", "back", mended));
    await eventually(async () => {
      expect((await inside()).headers["x-plugin"]).toBe("minimal");
    });
  });

  /** A script that leaves its mark on each answer, whoever gives it. */
  const answering = (name: string): string =>
    extension("TrafficExtension", name, {
      ...AS_SERVER,
      phase: "AUTHN",
      lua: {
        inlineCode: `
      function envoy_on_response(response)
        response:headers():replace("x-script", "${name}")
      end`,
      },
    });

  test.each([
    ["fails in its place", [], undefined, 503],
    ["goes on with the one before", ["module.wasm"], "minimal", 200],
  ])(
    "where a plugin's module is refused and the plugin %s, its listener can be changed",
    async (what, modules, before, status) => {
      await moduleFile(mesh(), "module.wasm", await minimalPlugin());
      await moduleFile(mesh(), "broken.wasm", Buffer.from("this is no module"));
      const outcome = async () => {
        const answer = await inside();
        return [answer.status, answer.headers["x-plugin"], answer.headers["x-script"]];
      };
      for (const module of [...modules, "broken.wasm"]) {
        const plugin = {
          ...{ ...AS_SERVER, failStrategy: "FAIL_CLOSE", pluginConfig: { level: 3 } },
          url: `file://${join(mesh().directory, "..", module)}`,
        };
        await mesh().writeForTest(
          "plugin.yaml",
          extension("WasmPlugin", what.replaceAll(" ", "-"), plugin),
        );
        await eventually(async () => {
          expect(await outcome()).toEqual([status, before, undefined]);
        });
      }
      await vi.waitFor(() => {
        const told = mesh().controlPlane().diagnostics();
        expect(told.filter(({ code }) => code === "refused-by-proxy")).toHaveLength(1);
      });
      await mesh().writeForTest("script.yaml", answering("script"));
      await eventually(async () => {
        expect(await outcome()).toEqual([status, before, "script"]);
      });
    },
  );

  test.each([
    ["end", "FAIL_CLOSE", "ended"],
    ["pass", "FAIL_OPEN", 200],
  ])(
    "connections %s where a module for them is refused, as its plugin says",
    async (_what, failStrategy, expected) => {
      const file = await moduleFile(mesh(), "broken.wasm", Buffer.from("this is no module"));
      const plugin = {
        selector: { matchLabels: { app: "bytes" } },
        match: [{ mode: "SERVER" }],
        ...{ url: `file://${file}`, type: "NETWORK", failStrategy },
      };
      const { egress: address } = mesh().pod("caller-0").addresses;
      await mesh().writeForTest("plugin.yaml", extension("WasmPlugin", "broken", plugin));
      await eventually(async () => {
        const outcome = await callAddress({ address, port: 9000 }, "http://bytes/").then(
          ({ status }) => status,
          () => "ended",
        );
        expect(outcome).toBe(expected);
      });
    },
  );
});

/** A file beside the configuration, which is read by nobody but Envoys. */
async function moduleFile(
  { directory }: Pick<ServedMesh, "directory">,
  name: string,
  code: Uint8Array,
): Promise<string> {
  const file = join(directory, "..", name);
  await writeFile(file, code);
  return file;
}
