/** The check of what Envoy would refuse, against what a real Envoy does refuse. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fromBinary, type JsonObject, toJson } from "@bufbuild/protobuf";
import { beforeAll, describe, expect, type TestContext, test } from "vitest";
import { createEncoder } from "../../src/envoy/encoder.js";
import { MESSAGE } from "../../src/envoy/part/envoy-types.js";
import type { ResourceSet } from "../../src/envoy/resource-set.js";
import { type EnvoyBinary, findEnvoy } from "../../src/up/envoy-binary.js";
import { UpError } from "../../src/up/up-error.js";
import {
  leafTemplate,
  type MadeCertificate,
  makeCertificate,
} from "../unit/ca/make-certificate.js";
import { REFUSED, TAKEN } from "../unit/envoy/check/cases.js";
import { goldenCaseNames, goldenResources, readGoldenCase } from "../unit/golden/golden-case.js";
import { refusalOf, type TypedResource } from "./harness/validate.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const encoder = createEncoder(readFileSync(new URL("../../gen/envoy.binpb", import.meta.url)));
let envoy: EnvoyBinary | UpError;
let certificate: MadeCertificate;

beforeAll(async () => {
  certificate = await makeCertificate(leafTemplate());
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
  return envoy instanceof UpError ? skip(envoy.message) : refusalOf(envoy.file, resources);
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

/** The resources of a set in JSON, with a certificate in the place of the user's files and no log to a terminal. */
function decoded(set: ResourceSet, type: string): readonly TypedResource[] {
  const schema = encoder.registry.getMessage(type);
  if (schema === undefined) throw new Error(`no type ${type}`);
  return [...set.values()].map(({ bytes }) => {
    const text = JSON.stringify(toJson(schema, fromBinary(schema, bytes), encoder))
      .replaceAll('"/dev/stdout"', '"/dev/null"')
      .replace(/\{"filename":"([^"]*)"\}/g, (_whole, name: string) =>
        JSON.stringify({
          inlineString: name.includes("key") ? certificate.keyPem : certificate.pem,
        }),
      );
    return { type, json: JSON.parse(text) as JsonObject };
  });
}

test.for(goldenCaseNames())(
  "Envoy takes what the proxies of %s are sent",
  async (name, { skip }) => {
    for (const sets of goldenResources(readGoldenCase(name), encoder).values()) {
      const resources = [
        ...decoded(sets.clusters, MESSAGE.cluster),
        ...decoded(sets.endpoints, MESSAGE.endpoint),
        ...decoded(sets.listeners, MESSAGE.listener),
        ...decoded(sets.routes, MESSAGE.route),
      ];
      expect(await askEnvoy(resources, { skip })).toBeUndefined();
    }
  },
);
