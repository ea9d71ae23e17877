/** Values of metrics' tags that a stock Envoy takes, and those that it does not. */
import { expect, test } from "vitest";
import { metricExpression } from "../../../../../src/config/kinds/telemetry/metric-expression.js";

test.each([
  ["request.host", "request.host"],
  ["string(destination.port)", "destination.port"],
  ["string(request.headers['x'].size())", "request.headers['x'].size()"],
  ["int(request.headers['x']) + 1", "int(request.headers['x']) + 1"],
  ["node['id'] == 'it\\'s node.x' || a.node", "xds.node['id'] == 'it\\'s node.x' || a.node"],
  ["(string( destination.port ))", "destination.port"],
  ["xds.cluster_metadata.x + 1", "xds.cluster_metadata.x + 1"],
  ["filter_state.upstream_peer.app", "xds.upstream_host_metadata.filter_metadata.fairlead.app"],
  ["upstream_peer.labels['app'].value", "xds.upstream_host_metadata.filter_metadata.fairlead.app"],
  ["filter_state.downstream_peer.workload", "filter_state.fairlead_downstream_peer_workload"],
  [
    "filter_state['downstream_peer'].labels['app'].value",
    "filter_state.fairlead_downstream_peer_app",
  ],
  ["has(downstream_peer.version)", "has(filter_state.fairlead_downstream_peer_version)"],
  [
    "'v1' == downstream_peer.version && downstream_peer.app != 'b' ? 'x' : 'y'",
    "bytes('v1') == filter_state.fairlead_downstream_peer_version && filter_state.fairlead_downstream_peer_app != bytes('b') ? 'x' : 'y'",
  ],
  [
    "filter_state [ 'wasm.upstream_peer' ] [ 'workload' ] == 'a' ? 'x' : 'y'",
    "xds.upstream_host_metadata.filter_metadata.fairlead.workload == 'a' ? 'x' : 'y'",
  ],
  ["node.metadata['APP']", "xds.node.metadata['APP']"],
  ["filter_state['my.operation']", "filter_state['my.operation']"],
  ["xds.node.metadata['APP']", "xds.node.metadata['APP']"],
  ["request.method == 'GET' ? 'reads' : 'writes'", "request.method == 'GET' ? 'reads' : 'writes'"],
  [
    "request.path.startsWith('/node.x') ? 'string(a)' : ''",
    "request.path.startsWith('/node.x') ? 'string(a)' : ''",
  ],
])("%s is %s to Envoy", (value, cel) => {
  expect(metricExpression(value)).toEqual({ cel });
});

test("texts that are joined are written one behind the other, and all of them or none", () => {
  const both = "type(request.host) == string && type(destination.port) == type(destination.port)";
  expect(metricExpression("(request.host + ':') + string(destination.port)")).toEqual({
    joined: [
      `${both} ? (request.host) : 'unknown'`,
      `${both} ? (':') : ''`,
      `${both} ? (destination.port) : ''`,
    ],
  });
});

test("what a condition chooses is converted and joined too", () => {
  const chosen =
    "response.code >= 500 ? '5xx' : response.code == 404 ? 'none' : string(response.code)";
  expect(metricExpression(chosen)).toEqual({
    cel: "response.code >= 500 ? ('5xx') : (response.code == 404 ? ('none') : (response.code))",
  });
  expect(metricExpression("string(has(a.b) ? (a.b + '!') : 'none')")).toEqual({
    joined: [
      "has(a.b) ? (type(a.b) == string ? (a.b) : 'unknown') : ('none')",
      "has(a.b) ? (type(a.b) == string ? ('!') : '') : ('')",
    ],
  });
});

test("what may be texts or numbers is joined where it is texts, and added up otherwise", () => {
  expect(metricExpression("string(filter_state.a + filter_state.b)")).toEqual({
    joined: [
      "type(filter_state.a) == string && type(filter_state.b) == string ? (filter_state.a) : (filter_state.a) + (filter_state.b)",
      "type(filter_state.a) == string && type(filter_state.b) == string ? (filter_state.b) : ''",
    ],
  });
});

test.each([
  ["request.host | 'unknown'", /no CEL expression/],
  ["", /no CEL expression/],
  ["request.host.contains('a' + request.method)", /joined/],
  ["request.host + '!' == 'a!' ? 'yes' : 'no'", /joined/],
  ["string(destination.port) == '80' ? 'yes' : 'no'", /no function string\(\)/],
  ["true ? 1 : filter_state.downstream_peer", /Istio's filters/],
  [Array(17).fill("request.host").join(" + "), /17 texts/],
  ["filter_state.upstream_peer.name", /Istio's filters/],
  ["filter_state['downstream_peer'].labels['team'].value", /Istio's filters/],
  ["'a' + filter_state.downstream_peer.name", /Istio's filters/],
  ["filter_state.downstream_peer.app.startsWith('a')", /a certificate tells/],
  ["(filter_state.downstream_peer.app).size() > 2", /a certificate tells/],
  ["'a'.contains(downstream_peer.app)", /a certificate tells/],
  ["downstream_peer.app in ['a', 'b']", /a certificate tells/],
  ["downstream_peer.app == request.host", /a certificate tells/],
  ["[downstream_peer.app, 'a'][0]", /a certificate tells/],
  ["filter_state.upstream_peer", /Istio's filters/],
  ["upstream_peer.labels['team']", /Istio's filters/],
  ['filter_state["wasm.upstream_peer_id"]', /Istio's filters/],
  ["upstream_peer.name", /Istio's filters/],
  ["request.host.split('.')[0]", /no function \.split\(\)/],
  ["request.host == '%'", /a percent sign/],
  ["request.size % 2 == 0 ? 'even' : 'odd'", /a percent sign/],
])("%s is none of Envoy's", (value, problem) => {
  expect(metricExpression(value)).toEqual({ problem: expect.stringMatching(problem) });
});
