import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { selectedFields } from "../../../../src/debug/held/selected-fields.js";
import { createEncoder } from "../../../../src/envoy/resource/encoder.js";
import { MESSAGE } from "../../../../src/envoy/resource/message-types.js";

const ROOT = new URL("../../../../", import.meta.url);
const encoder = createEncoder(readFileSync(fileURLToPath(new URL("gen/envoy.binpb", ROOT))));

const CLUSTER = {
  name: "payments",
  type: "EDS",
  connectTimeout: "10s",
  edsClusterConfig: { serviceName: "payments" },
  loadBalancingPolicy: {},
};

test.each([
  [["name"], { name: "payments" }],
  [["edsClusterConfig", "type"], { type: "EDS", edsClusterConfig: { serviceName: "payments" } }],
  [["nothing"], {}],
  [[], CLUSTER],
])("of %j a message has what is set", (names, left) => {
  const { bytes } = encoder.encode(MESSAGE.cluster, CLUSTER);
  const schema = encoder.registry.getMessage(MESSAGE.cluster);
  const selected = schema && selectedFields(schema, bytes, names);
  expect(selected && encoder.decode(MESSAGE.cluster, selected)).toEqual(left);
});
