/** What is left of values of patches when fields are taken out that Envoy's API has not. */
import { expect, test } from "vitest";
import { knownFields } from "../../../../src/envoy/patch/known-fields.js";
import { goldenEncoder } from "../../golden/golden-case.js";

const { registry } = goldenEncoder();
const CLUSTER = "envoy.config.cluster.v3.Cluster";
const LUA = "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua";

test.each<[string, object, object, readonly string[]]>([
  [
    "of a message",
    { name: "a", connectTimeout: "1s", connect_timeout: "1s", newer: { a: 1 } },
    { name: "a", connectTimeout: "1s", connect_timeout: "1s" },
    ["newer"],
  ],
  [
    "of messages in messages and lists",
    { circuit_breakers: { thresholds: [{ max_retries: 1, new_limit: 2 }], old: true } },
    { circuit_breakers: { thresholds: [{ max_retries: 1 }] } },
    ["circuit_breakers.thresholds.0.new_limit", "circuit_breakers.old"],
  ],
  [
    "of the messages of a map",
    { typed_extension_protocol_options: { a: { "@type": LUA, inline_code: "x", y: 1 } } },
    { typed_extension_protocol_options: { a: { "@type": LUA, inline_code: "x" } } },
    ["typed_extension_protocol_options.a.y"],
  ],
  [
    "and nothing of free JSON, of what is of another build, or of a wrong type",
    {
      metadata: { filter_metadata: { a: { anything: { goes: 1 } } } },
      transport_socket: { typed_config: { "@type": "type.googleapis.com/x.Y", a: 1 } },
      connect_timeout: { seconds: 1 },
      circuit_breakers: "none",
    },
    {
      metadata: { filter_metadata: { a: { anything: { goes: 1 } } } },
      transport_socket: { typed_config: { "@type": "type.googleapis.com/x.Y", a: 1 } },
      connect_timeout: { seconds: 1 },
      circuit_breakers: "none",
    },
    [],
  ],
])("they are taken out %s", (_where, value, known, unknown) => {
  const found = knownFields(registry, CLUSTER, value);
  expect(found.value).toEqual(known);
  expect(found.unknown.map(({ path }) => path.join("."))).toEqual(unknown);
});
