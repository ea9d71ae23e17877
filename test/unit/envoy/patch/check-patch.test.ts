import { expect, test } from "vitest";
import { parseOffline } from "../../../../src/config/parse-offline.js";
import { createPatchCheck } from "../../../../src/envoy/patch/check-patch.js";
import { goldenEncoder } from "../../golden/golden-case.js";

const checkPatch = createPatchCheck(goldenEncoder());

/** What is said of an EnvoyFilter with this one patch, and at which line. */
function problems(patch: string): readonly string[] {
  return parse(patch)
    .diagnostics.filter(({ code }) => code === "not-applied")
    .map(({ position, message }) => `${String(position?.line)}: ${message}`);
}

function parse(patch: string) {
  const text = `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: one }
spec:
  configPatches:
${patch.replaceAll(/^/gm, "    ")}
`;
  return parseOffline([{ path: "filter.yaml", text }], { checkPatch });
}

const MYSQL = "type.googleapis.com/envoy.extensions.filters.network.mysql_proxy.v3.MySQLProxy";

const cluster = (operation: string, value: string): string => `- applyTo: CLUSTER
  patch:
    operation: ${operation}
    value:
      ${value}`;

const httpFilter = (operation: string, config: string): string => `- applyTo: HTTP_FILTER
  patch:
    operation: ${operation}
    value: { name: a, typed_config: { ${config} } }`;

test.each<[string, string, string]>([
  [
    "a field that Envoy's API has not",
    cluster("MERGE", "conect_timeout: 1s"),
    '10: a part of the patch has no effect: .*"conect_timeout".*did you mean "connect_timeout"',
  ],
  [
    "a value of another type",
    cluster("MERGE", "respect_dns_ttl: often"),
    "10: the patch has no effect: .*respect_dns_ttl",
  ],
  [
    "a type that Envoy's API has not",
    cluster(
      "MERGE",
      'transport_socket: { typed_config: { "@type": type.googleapis.com/envoy.no.v3.Such } }',
    ),
    "10: the patch has no effect: .*envoy.no.v3.Such",
  ],
  [
    "a type whose name is misspelt",
    httpFilter("ADD", '"@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lau'),
    '9: the patch has no effect: .*did you mean "envoy.extensions.filters.http.lua.v3.Lua"',
  ],
  [
    "a filter with nothing but its name",
    "- { applyTo: HTTP_FILTER, patch: { operation: ADD, value: { name: a } } }",
    "6: the patch has no effect: Envoy cannot tell from the name alone which filter this is",
  ],
  [
    "a field of a filter that is not merged",
    "- { applyTo: HTTP_FILTER, patch: { operation: MERGE, value: { name: a, disabled: true } } }",
    "6: a part of the patch has no effect: disabled is ignored",
  ],
  [
    "what is beside a transport socket",
    cluster("MERGE", "{ transport_socket: { name: a }, connect_timeout: 1s }"),
    "10: a part of the patch has no effect: connect_timeout is ignored where the transport_socket is merged",
  ],
  [
    "something whole that Envoy would refuse",
    cluster("ADD", "{ name: a, connect_timeout: -1s }"),
    "10: the patch has no effect: Envoy would refuse it: connect_timeout",
  ],
  [
    "an operation that does nothing to what it is applied to",
    cluster("REPLACE", "{ name: a }"),
    "8: the patch has no effect: the operation REPLACE does nothing to a CLUSTER",
  ],
  [
    "a place beside a filter that only Istio's build of Envoy has",
    `- applyTo: HTTP_FILTER
  match:
    listener:
      filterChain:
        filter:
          name: envoy.filters.network.http_connection_manager
          subFilter: { name: istio.stats }
  patch: { operation: INSERT_BEFORE, value: { name: a } }`,
    '12: the patch has no effect: a stock Envoy does not have the filter "istio.stats"',
  ],
  [
    "an operation on the bootstrap, which can be merged alone",
    "- applyTo: BOOTSTRAP\n  patch: { operation: ADD, value: {} }",
    "7: the patch has no effect: the operation ADD does nothing to a BOOTSTRAP: use one of MERGE",
  ],
  [
    "what is in no bootstrap",
    "- applyTo: BOOTSTRAP\n  patch: { operation: MERGE, value: { stats_flush: 1s } }",
    '7: a part of the patch has no effect: .*no field called "stats_flush"',
  ],
])("says of %s where it is", (_what, patch, expected) => {
  const found = problems(patch);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(new RegExp(`^${expected}`));
});

test.each([
  ["a part of what Envoy would take", cluster("MERGE", "{ connect_timeout: 1s }")],
  ["a removal, whatever its value", cluster("REMOVE", "{ no_such: 1 }")],
  ["fields in either spelling", cluster("MERGE", "{ connectTimeout: 1s, respect_dns_ttl: true }")],
])("says nothing of %s", (_what, patch) => {
  expect(problems(patch)).toEqual([]);
});

test.each([
  ["a value of another type", "{ respect_dns_ttl: often }", "error"],
  ["a word that is none of its words", "{ type: SOMEHOW }", "error"],
  ["a field that a newer Envoy may have", "{ no_such: 1 }", "warning"],
  [
    "a type that no Envoy has",
    'transport_socket: { typed_config: { "@type": type.googleapis.com/envoy.no.v3.Such } }',
    "error",
  ],
  [
    "a type that an Envoy with other extensions has",
    `transport_socket: { typed_config: { "@type": ${MYSQL} } }`,
    "warning",
  ],
])("says of %s how bad it is", (_what, value, severity) => {
  const { diagnostics } = parse(cluster("MERGE", value));
  expect(diagnostics.map((one) => one.severity)).toEqual([severity]);
});

test.each([
  ["removed", cluster("REMOVE", "{ respect_dns_ttl: often }")],
  ["put where nothing is put", cluster("REPLACE", "{ respect_dns_ttl: often }")],
  [
    "found elsewhere",
    "- { applyTo: EXTENSION_CONFIG, patch: { operation: MERGE, value: { name: [] } } }",
  ],
])("refuses a value that nothing could read even if it is %s", (_what, patch) => {
  const { diagnostics } = parse(patch);
  expect(diagnostics.map((one) => one.severity)).toEqual(["error"]);
});
