/** The check of what Envoy would refuse, against what a real Envoy does refuse. */
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fromBinary, type JsonObject, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { beforeAll, describe, expect, onTestFinished, type TestContext, test } from "vitest";
import { createEncoder } from "../../src/envoy/resource/encoder.js";
import { MESSAGE } from "../../src/envoy/resource/message-types.js";
import type { ResourceSet, ResourceSets } from "../../src/envoy/resource/resource-set.js";
import { type EnvoyBinary, findEnvoy } from "../../src/up/envoy/envoy-binary.js";
import { refusalOf, type TypedResource } from "../../src/up/envoy/envoy-validation.js";
import { UpError } from "../../src/up/up-error.js";
import { randomRuns } from "../random-runs.js";
import { run } from "../unit/cli/run.js";
import { REFUSED, TAKEN } from "../unit/envoy/check/cases.js";
import {
  goldenCaseNames,
  goldenFiles,
  goldenResources,
  readGoldenCase,
} from "../unit/golden/golden-case.js";
import { spoiltCases } from "../unit/golden/spoilt-case.js";
import { application, documents } from "./harness/manifests.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const { RUNS, SEED } = randomRuns(8);

const encoder = createEncoder(readFileSync(new URL("../../gen/envoy.binpb", import.meta.url)));
let envoy: EnvoyBinary | UpError;

beforeAll(async () => {
  const { FAIRLEAD_ENVOY: named, PATH: path } = process.env;
  envoy = await findEnvoy({ named, path, installation: ROOT }).catch((error: unknown) => {
    if (error instanceof UpError) return error;
    throw error;
  });
});

/** What the real one says against resources; skips the test with the reason where there is none. */
function askEnvoy(
  resources: readonly TypedResource[],
  { skip }: Pick<TestContext, "skip">,
): Promise<string | undefined> {
  return envoy instanceof UpError
    ? skip(envoy.message)
    : refusalOf(envoy.file, resources, new AbortController().signal);
}

describe.concurrent("Envoy refuses", () => {
  test.for(REFUSED)("$what", async (refused, { skip, expect: expectHere }) => {
    expectHere(await askEnvoy([refused], { skip })).toBeDefined();
  });
});

test("Envoy takes what looks alike, all of it at once", async ({ skip }) => {
  const renamed = TAKEN.map(({ type, json }, i) => ({ type, json: { ...json, name: `${i}` } }));
  const resources = TAKEN.map((taken, i) =>
    taken.type === MESSAGE.endpoint ? taken : (renamed[i] ?? taken),
  );
  expect(await askEnvoy(resources, { skip })).toBeUndefined();
});

/** The resources of a set in JSON. */
function decoded(set: ResourceSet, type: string): readonly TypedResource[] {
  const schema = encoder.registry.getMessage(type);
  if (schema === undefined) throw new Error(`no type ${type}`);
  const sent = [...set.values()].filter(({ refusal }) => refusal === undefined);
  return sent.map(({ bytes }) => {
    const json = toJson(schema, fromBinary(schema, bytes), encoder);
    return { type, json: json as JsonObject };
  });
}

/** What a proxy is sent by state of the world. */
const allOf = (sets: ResourceSets): readonly TypedResource[] => [
  ...decoded(sets.clusters, MESSAGE.cluster),
  ...decoded(sets.endpoints, MESSAGE.endpoint),
  ...decoded(sets.listeners, MESSAGE.listener),
  ...decoded(sets.routes, MESSAGE.route),
];

const BROKEN_SCRIPT = `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: script }
spec:
  configPatches:
    - applyTo: HTTP_FILTER
      match:
        context: SIDECAR_INBOUND
        listener: { filterChain: { filter: { name: envoy.filters.network.http_connection_manager } } }
      patch:
        operation: INSERT_BEFORE
        value:
          name: envoy.filters.http.lua
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua
            default_source_code: { inline_string: "function (" }
`;

/** Plans a mesh with a service `payments` and these files, and then more; has Envoy validate it. */
async function plannedBy(
  skip: TestContext["skip"],
  { before = "", then }: { readonly before?: string; readonly then: string },
): ReturnType<typeof run> {
  if (envoy instanceof UpError) skip(envoy.message);
  const root = await mkdtemp(join(tmpdir(), "fairlead-validated-"));
  onTestFinished(() => rm(root, { recursive: true }));
  const [now, next] = [join(root, "now"), join(root, "next")];
  for (const directory of [now, next]) {
    await mkdir(directory);
    await writeFile(join(directory, "payments.yaml"), documents(application("payments"), before));
  }
  await writeFile(join(next, "new.yaml"), then);
  const { FAIRLEAD_ENVOY = "", PATH = "" } = process.env;
  const environment = { PATH, ...(FAIRLEAD_ENVOY === "" ? {} : { FAIRLEAD_ENVOY }) };
  const planned = [next, "--against", now];
  expect(await run(["plan", ...planned], environment)).toMatchObject({ code: 2, stderr: "" });
  return run(["plan", ...planned, "--validate"], environment);
}

test("a plan that has Envoy validate blames the line that made what it refuses", async ({
  skip,
}) => {
  const { code, stdout, stderr } = await plannedBy(skip, { then: BROKEN_SCRIPT });
  expect(stdout).toMatch(
    /new\.yaml:7:7: error\[refused-by-envoy\]: Envoy refuses listener .* of payments-0\.default: script load error/,
  );
  expect(stdout).toContain(" 1 new finding");
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining("errors that the configuration does not have now") as string,
  });
});

test("a plan that has Envoy validate does not miss the clusters that stay", async ({ skip }) => {
  const before = `
apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data:
  mesh: |
    defaultProviders: { tracing: [zipkin] }
    extensionProviders: [{ name: zipkin, zipkin: { service: payments.default.svc.cluster.local, port: 80 } }]
`;
  const then = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: nobody }
spec: {}
`;
  const { code, stdout } = await plannedBy(skip, { before, then });
  expect(stdout).toContain("~ listener virtualInbound");
  expect({ code, stdout }).toMatchObject({
    code: 2,
    stdout: expect.not.stringContaining("refused-by-envoy") as string,
  });
});

test.concurrent.for(goldenCaseNames())(
  "Envoy takes what the proxies of %s are sent",
  async (name, { skip, expect: expectHere }) => {
    for (const sets of goldenResources(readGoldenCase(name), encoder).values()) {
      expectHere(await askEnvoy(allOf(sets), { skip })).toBeUndefined();
    }
  },
);

/** What patches and scripts say is looked at by Envoy alone. */
const isPatched = (name: string): boolean =>
  goldenFiles(name).some(({ text }) =>
    /kind: (EnvoyFilter|WasmPlugin|TrafficExtension)/.test(text),
  );

test("Envoy takes what proxies are sent whatever the files say, without what has errors", async ({
  skip,
}) => {
  const names = goldenCaseNames().filter((name) => !isPatched(name));
  const spoilt = fc.sample(spoiltCases(names), { numRuns: RUNS, seed: SEED });
  for (const golden of spoilt) {
    for (const sets of goldenResources(golden, encoder).values()) {
      expect(await askEnvoy(allOf(sets), { skip }), golden.name).toBeUndefined();
    }
  }
});
