/** What real Envoys refuse is kept from them, blamed on the file that made it, and harms nothing else. */
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Diagnostic } from "../../src/base/diagnostic.js";
import { run } from "../unit/cli/run.js";
import { application, documents, namespace } from "./harness/manifests.js";
import { call } from "./harness/requests.js";
import { shareServedMesh } from "./harness/served-mesh.js";
import { unknownCipher } from "./harness/unknown-cipher.js";

const mesh = shareServedMesh({
  "apps.yaml": documents(
    namespace("default", "enabled"),
    application("caller"),
    application("called"),
  ),
});

const URL = "http://called/";
const CALLED = "called.default.svc.cluster.local";

/** An EnvoyFilter of which the first patch is harmless, and Envoy refuses what the second makes. */
const filter = (patch: string): string => `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: bad, namespace: default }
spec:
  configPatches:
    - applyTo: CLUSTER
      match: { cluster: { service: ${CALLED} } }
      patch: { operation: MERGE, value: { connect_timeout: 3s } }
${patch}`;
/** The line of the second patch. */
const BLAMED = 9;

const LISTENER = filter(`    - applyTo: HTTP_FILTER
      match:
        context: SIDECAR_INBOUND
        listener: { filterChain: { filter: { name: envoy.filters.network.http_connection_manager } } }
      patch:
        operation: INSERT_BEFORE
        value:
          name: envoy.filters.http.lua
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua
            default_source_code: { inline_string: "this is no Lua (" }
`);

const CLUSTER = filter(`    - applyTo: CLUSTER
      match: { cluster: { service: ${CALLED} } }
      patch:
        operation: MERGE
        value: ${unknownCipher("Upstream")}
`);

const withCipher = (cipher: string): string => CLUSTER.replace("NO-SUCH-CIPHER", cipher);

const ROUTE = filter(`    - applyTo: VIRTUAL_HOST
      match:
        context: SIDECAR_OUTBOUND
        routeConfiguration: { vhost: { name: "${CALLED}:80" } }
      patch:
        operation: MERGE
        value:
          typed_per_filter_config:
            envoy.filters.http.lua:
              "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.LuaPerRoute
              source_code: { inline_string: "this is no Lua (" }
`);

/** What is told from now on of what proxies refuse. */
function refusals(): { readonly added: Diagnostic[]; readonly cleared: Diagnostic[] } {
  const told = { added: [] as Diagnostic[], cleared: [] as Diagnostic[] };
  const isRefusal = ({ code }: Diagnostic): boolean => code === "refused-by-proxy";
  const stop = mesh()
    .controlPlane()
    .onUpdate(({ newDiagnostics, clearedDiagnostics }) => {
      told.added.push(...newDiagnostics.filter(isRefusal));
      told.cleared.push(...clearedDiagnostics.filter(isRefusal));
    });
  onTestFinished(stop);
  return told;
}

async function counted(metric: string, type: string): Promise<number> {
  const { httpPort } = mesh().controlPlane();
  const metrics = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
  const line = new RegExp(`^${metric}{type="${type.toLowerCase()}"} (\\d+)$`, "m");
  return Number(line.exec(metrics)?.[1] ?? 0);
}

/** Metrics are made anew once they are some times as old as it took to make them. */
const quarantined = (type: string): Promise<number> =>
  counted("fairlead_quarantined_resources", type);

const waitFor = async (check: () => unknown): Promise<void> => {
  await vi.waitFor(check, { timeout: 10_000, interval: 50 });
};

test.each([
  ["a listener", LISTENER, "LDS", "script load error"],
  ["a cluster", CLUSTER, "CDS", "NO-SUCH-CIPHER"],
  ["a route", ROUTE, "VHDS", "script load error"],
])(
  "%s that Envoy refuses is blamed on its patch, stays as it was, and harms nothing else",
  async (_what, text, type, error) => {
    const told = refusals();
    await mesh().write("bad.yaml", text);
    await waitFor(() => {
      expect(told.added).not.toEqual([]);
    });
    const file = join(mesh().directory, "bad.yaml");
    for (const one of told.added) {
      expect(one).toMatchObject({
        severity: "error",
        resource: "EnvoyFilter bad.default",
        position: { file, line: BLAMED },
      });
      expect(one.message).toMatch(
        new RegExp(`( refuses ${type} .* goes| refuse ${type} .* go) on with the version before: `),
      );
      expect(one.message).toContain(error);
    }
    await expect.poll(() => quarantined(type)).toBeGreaterThan(0);
    const status = await run(["proxy-status", "--state", mesh().state]);
    expect(status.stdout).toContain(`made by EnvoyFilter bad.default (${file}:${BLAMED})`);
    expect((await run(["wait", "--state", mesh().state])).code).toBe(3);
    expect((await call(mesh().pod("caller-0"), URL)).status).toBe(200);

    await mesh().write(
      "other.yaml",
      application("called").replaceAll("name: called,", "name: other,"),
    );
    await waitFor(async () => {
      expect((await call(mesh().pod("caller-0"), "http://other/")).status).toBe(200);
    });
    await mesh().remove("other.yaml");

    await mesh().remove("bad.yaml");
    await waitFor(() => {
      expect(told.cleared).toHaveLength(told.added.length);
    });
    await expect.poll(() => quarantined(type)).toBe(0);
    expect((await run(["wait", "--state", mesh().state])).code).toBe(0);
  },
);

test("a file that goes back and forth between two contents that Envoy refuses has each of them sent once", async () => {
  const told = refusals();
  const toldOf = (cipher: string): number =>
    told.added.filter(({ message }) => message.includes(cipher)).length;
  const ciphers = ["NO-SUCH-CIPHER", "NO-OTHER-CIPHER"];
  const write = async (cipher: string): Promise<void> => {
    const before = toldOf(cipher);
    await mesh().write("bad.yaml", withCipher(cipher));
    // By each of the two proxies.
    await waitFor(() => {
      expect(toldOf(cipher)).toBe(before + 2);
    });
  };
  for (const cipher of ciphers) await write(cipher);
  const refused = await counted("pilot_total_xds_rejects", "CDS");
  for (const cipher of [...ciphers, ...ciphers]) await write(cipher);
  expect(await counted("pilot_total_xds_rejects", "CDS")).toBe(refused);
  expect((await call(mesh().pod("caller-0"), URL)).status).toBe(200);
  await mesh().remove("bad.yaml");
  await expect.poll(() => quarantined("CDS")).toBe(0);
});
