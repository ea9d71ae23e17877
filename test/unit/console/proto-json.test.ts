import { fromBinary, toJson } from "@bufbuild/protobuf";
import { beforeAll, expect, test } from "vitest";
import { canonicalJson } from "../../../src/console/proto-json.js";
import type { Encoder } from "../../../src/envoy/resource/encoder.js";
import { MESSAGE } from "../../../src/envoy/resource/message-types.js";
import type { EnvoyResource, ResourceSets } from "../../../src/envoy/resource/resource-set.js";
import {
  goldenCaseNames,
  goldenEncoder,
  goldenResources,
  readGoldenCase,
} from "../golden/golden-case.js";

let encoder: Encoder;

beforeAll(() => {
  encoder = goldenEncoder();
});

/** Resources with the types of their messages. */
function typedResources(sets: ResourceSets): readonly (readonly [string, EnvoyResource])[] {
  const types = [
    [MESSAGE.cluster, sets.clusters],
    [MESSAGE.endpoint, sets.endpoints],
    [MESSAGE.listener, sets.listeners],
    [MESSAGE.route, sets.routes],
  ] as const;
  return types.flatMap(([type, set]) =>
    [...set.values()].map((resource) => [type, resource] as const),
  );
}

/** A message with the names of its fields as the .proto files have them, which is how Envoy's admin interface shows it. */
function asEnvoyShows(type: string, bytes: Uint8Array): unknown {
  const { registry } = encoder;
  const schema = registry.getMessage(type);
  if (schema === undefined) throw new Error(`no message ${type}`);
  return toJson(schema, fromBinary(schema, bytes), { registry, useProtoFieldName: true });
}

test.each(goldenCaseNames())("what Envoy shows of %s is canonical as it was sent", (name) => {
  for (const sets of goldenResources(readGoldenCase(name), encoder).values()) {
    for (const [type, { bytes }] of typedResources(sets)) {
      expect(canonicalJson(asEnvoyShows(type, bytes))).toEqual(encoder.decode(type, bytes));
    }
  }
});
