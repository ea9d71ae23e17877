/** The encoder of our own beside that of protobuf-es: what all golden meshes are sent, and what they do not have. */
import { fromBinary, fromJson, type JsonValue, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { MESSAGE } from "../../../../src/envoy/resource/message-types.js";
import type { ResourceSets } from "../../../../src/envoy/resource/resource-set.js";
import { createMessageEncoder } from "../../../../src/envoy/wire/message-encoder.js";
import {
  goldenCaseNames,
  goldenEncoder,
  goldenResources,
  readGoldenCase,
} from "../../golden/golden-case.js";

const encoder = goldenEncoder();
const { registry } = encoder;
const encode = createMessageEncoder(registry);

function schemaOf(typeName: string) {
  const schema = registry.getMessage(typeName);
  if (schema === undefined) throw new Error(`no type ${typeName}`);
  return schema;
}

/** The same JSON by both ways. */
function bothWays(typeName: string, json: object): readonly [ours: string, theirs: string] {
  const schema = schemaOf(typeName);
  const theirs = toBinary(schema, fromJson(schema, json as JsonValue, { registry }));
  return [encode(schema, json).bytes.toString("hex"), Buffer.from(theirs).toString("hex")];
}

const SETS: readonly (readonly [keyof ResourceSets, string])[] = [
  ["clusters", MESSAGE.cluster],
  ["endpoints", MESSAGE.endpoint],
  ["listeners", MESSAGE.listener],
  ["routes", MESSAGE.route],
  ["virtualHosts", MESSAGE.virtualHost],
];

test.each(goldenCaseNames())("what the mesh %s is sent has the bytes of protobuf-es", (name) => {
  const all = [...goldenResources(readGoldenCase(name), encoder).values()].flatMap((sets) =>
    SETS.flatMap(([key, type]) => [...sets[key].values()].map(({ bytes }) => ({ type, bytes }))),
  );
  expect(all.length).toBeGreaterThan(0);
  for (const { type, bytes } of all) {
    const json = encoder.decode(type, bytes);
    const [ours, theirs] = bothWays(type, json);
    expect(ours).toBe(theirs);
    expect(fromBinary(schemaOf(type), encode(schemaOf(type), json).bytes)).toEqual(
      fromBinary(schemaOf(type), bytes),
    );
  }
});

test.each<readonly [what: string, type: string, json: object]>([
  ["nothing", "envoy.config.cluster.v3.Cluster", {}],
  ["null", "envoy.config.cluster.v3.Cluster", { name: null, connect_timeout: null }],
  [
    "names as in the API and as in JSON",
    "envoy.config.cluster.v3.Cluster",
    { alt_stat_name: "a", connectTimeout: "1s" },
  ],
  ["a negative duration", "envoy.config.cluster.v3.Cluster", { connectTimeout: "-1.5s" }],
  ["a long text that is no ASCII", "envoy.config.cluster.v3.Cluster", { name: "é".repeat(100) }],
  ["a short text that is no ASCII", "envoy.config.cluster.v3.Cluster", { name: "naïve 日本 😀" }],
  [
    "a text longer than the first buffer",
    "envoy.config.cluster.v3.Cluster",
    { name: "x".repeat(100_000) },
  ],
  ["an enum by number", "envoy.config.cluster.v3.Cluster", { lbPolicy: 2 }],
  ["an enum by word", "envoy.config.cluster.v3.Cluster", { lbPolicy: "MAGLEV" }],
  [
    "wrapped numbers, also zero",
    "envoy.config.cluster.v3.CircuitBreakers.Thresholds",
    { maxConnections: 0, maxRequests: 4294967295 },
  ],
  [
    "a whole number as text",
    "envoy.config.cluster.v3.CircuitBreakers.Thresholds",
    { maxConnections: "7" },
  ],
  [
    "a 64 bit number",
    "envoy.config.cluster.v3.Cluster.RingHashLbConfig",
    { minimumRingSize: "9007199254740993" },
  ],
  ["a double", "envoy.type.v3.Percent", { value: 12.25 }],
  [
    "a list of texts with an empty one",
    "envoy.config.route.v3.VirtualHost",
    { domains: ["a", "", "b"] },
  ],
  [
    "packed numbers",
    "envoy.config.route.v3.RetryPolicy",
    { retriableStatusCodes: [1, 300, 70000] },
  ],
  ["an empty list", "envoy.config.route.v3.RetryPolicy", { retriableStatusCodes: [] }],
  [
    "a map of objects",
    "envoy.config.core.v3.Metadata",
    { filterMetadata: { istio: { a: { b: [1, "x", null, true, { c: -0.5 }] } }, x: {} } },
  ],
  [
    "a map of packed messages",
    "envoy.config.cluster.v3.Cluster",
    {
      typedExtensionProtocolOptions: {
        b: { "@type": "type.googleapis.com/envoy.type.v3.Percent", value: 1 },
        a: {},
      },
    },
  ],
  [
    "a packed message that is a value",
    "envoy.config.core.v3.TypedExtensionConfig",
    { typedConfig: { "@type": "type.googleapis.com/google.protobuf.StringValue", value: "x" } },
  ],
  [
    "a packed empty message",
    "envoy.config.core.v3.TypedExtensionConfig",
    { typedConfig: { "@type": "type.googleapis.com/google.protobuf.Empty" } },
  ],
  [
    "one of several that is zero",
    "envoy.config.core.v3.SocketAddress",
    { address: "::1", portValue: 0 },
  ],
  ["bytes", "envoy.config.core.v3.DataSource", { inlineBytes: "aGVsbG8=" }],
  ["bytes in URLs", "envoy.config.core.v3.DataSource", { inlineBytes: "_-8" }],
  ["bytes in lines", "envoy.config.core.v3.DataSource", { inlineBytes: "aGVs\nbG8=\n" }],
  [
    "a truth that is wrapped and false",
    "envoy.config.route.v3.RouteAction",
    { cluster: "c", maxInternalRedirects: 0, timeout: "0s" },
  ],
])("%s is encoded as protobuf-es does it", (_what, type, json) => {
  const [ours, theirs] = bothWays(type, json);
  expect(ours).toBe(theirs);
});

test("a duration in Go's syntax, which Istio takes in patches, is that of as many seconds", () => {
  const bytesOf = (connectTimeout: string) =>
    encode(schemaOf(MESSAGE.cluster), { connectTimeout }).bytes;
  expect(bytesOf("-1m30.5s")).toEqual(bytesOf("-90.5s"));
});

test("a message is as protobuf-es reads it, to those who look for what is set", () => {
  const json = {
    name: "a",
    connectTimeout: "2s",
    clusterType: { name: "x" },
    metadata: { filterMetadata: { a: {} } },
  };
  const { message, bytes } = encode(schemaOf(MESSAGE.cluster), json);
  expect(message).toMatchObject(fromBinary(schemaOf(MESSAGE.cluster), bytes));
});

test.each<readonly [what: string, type: string, json: unknown, message: string]>([
  [
    "a field that is not there",
    "envoy.config.cluster.v3.Cluster",
    { nam: "a" },
    'envoy.config.cluster.v3.Cluster: no field is called "nam"',
  ],
  [
    "a field by both its names",
    "envoy.config.cluster.v3.Cluster",
    { connect_timeout: "1s", connectTimeout: "1s" },
    "connect_timeout: is there twice",
  ],
  [
    "two of a oneof",
    "envoy.config.core.v3.DataSource",
    { inlineString: "a", filename: "b" },
    "is there twice",
  ],
  [
    "a word that the enum lacks",
    "envoy.config.cluster.v3.Cluster",
    { lbPolicy: "BEST" },
    'lb_policy: expected a word of envoy.config.cluster.v3.Cluster.LbPolicy, got "BEST"',
  ],
  [
    "a text for a number",
    "envoy.config.core.v3.SocketAddress",
    { portValue: "http" },
    'port_value: expected a whole number from 0 to 4294967295, got "http"',
  ],
  [
    "a number for a text",
    "envoy.config.cluster.v3.Cluster",
    { name: 1 },
    "name: expected a text, got 1",
  ],
  [
    "half a character",
    "envoy.config.cluster.v3.Cluster",
    { name: "a\ud800" },
    "name: expected a text",
  ],
  [
    "a text for bytes",
    "envoy.config.core.v3.DataSource",
    { inlineBytes: "not base64" },
    "inline_bytes: expected base64",
  ],
  [
    "half a byte",
    "envoy.config.core.v3.DataSource",
    { inlineBytes: "aGVsb" },
    "inline_bytes: expected base64",
  ],
  [
    "no duration",
    "envoy.config.cluster.v3.Cluster",
    { connectTimeout: "1 m" },
    'connect_timeout: expected a duration, got "1 m"',
  ],
  [
    "a list for one",
    "envoy.config.cluster.v3.Cluster",
    { connectTimeout: ["1s"] },
    "connect_timeout: expected a duration",
  ],
  [
    "one for a list",
    "envoy.config.route.v3.VirtualHost",
    { domains: "a" },
    'domains: expected a list, got "a"',
  ],
  [
    "a packed message of no type",
    "envoy.config.core.v3.TypedExtensionConfig",
    { typedConfig: { "@type": "x/none.Such" } },
    'typed_config: no such type: "x/none.Such"',
  ],
  [
    "nothing at all",
    "envoy.config.cluster.v3.Cluster",
    undefined,
    "expected an object, got nothing",
  ],
])("%s is refused", (_what, type, json, message) => {
  expect(() => encode(schemaOf(type), json)).toThrow(message);
});

test("what was refused leaves nothing behind", () => {
  const schema = schemaOf(MESSAGE.cluster);
  expect(() => encode(schema, { name: "left over", lbPolicy: "BEST" })).toThrow();
  expect(encode(schema, {}).bytes).toHaveLength(0);
});
