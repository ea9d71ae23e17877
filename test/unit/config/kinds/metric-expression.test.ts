/** Values of metrics' tags that a stock Envoy takes, and those that it does not. */
import { expect, test } from "vitest";
import { metricExpression } from "../../../../src/config/kinds/metric-expression.js";

test.each([
  ["request.host", "request.host"],
  ["string(destination.port)", "destination.port"],
  ["string(request.headers['x'].size())", "request.headers['x'].size()"],
  ["int(request.headers['x']) + 1", "int(request.headers['x']) + 1"],
  ["'it\\'s node.x' + node['id'] + a.node", "'it\\'s node.x' + xds.node['id'] + a.node"],
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

test.each([
  ["request.host | 'unknown'", /no CEL expression/],
  ["", /no CEL expression/],
  ["string(destination.port) + 'x'", /no function string\(\)/],
  ["filter_state.upstream_peer.app", /Istio's filters/],
  ["filter_state['downstream_peer'].labels['app'].value", /Istio's filters/],
  ['filter_state["wasm.upstream_peer_id"]', /Istio's filters/],
  ["upstream_peer.name", /Istio's filters/],
  ["request.host.split('.')[0]", /no function \.split\(\)/],
  ["request.host == '%'", /a percent sign/],
  ["request.size % 2 == 0 ? 'even' : 'odd'", /a percent sign/],
])("%s is none of Envoy's", (value, problem) => {
  expect(metricExpression(value)).toEqual({ problem: expect.stringMatching(problem) });
});
