import { describe, expect, test } from "vitest";
import type { ProxyConfigFields } from "../../../../src/config/mesh-config/mesh-config-schema.js";
import {
  checkStatistics,
  proxyStatistics,
} from "../../../../src/config/mesh-config/proxy-statistics.js";

const NONE = { prefixes: [], suffixes: [], regexps: [] };

describe("the statistics that a proxy keeps", () => {
  test.each<ProxyConfigFields>([
    {},
    { proxyStatsMatcher: {} },
    { proxyStatsMatcher: { inclusionPrefixes: [""] } },
  ])("are all where none are asked for: %j", (config) => {
    expect(proxyStatistics(config, {})).toEqual({});
  });

  test("are those of its settings, but for what is no regular expression", () => {
    const proxyStatsMatcher = {
      inclusionPrefixes: ["cluster.outbound"],
      inclusionSuffixes: ["upstream_rq_total"],
      inclusionRegexps: ["http.*", "("],
    };
    expect(proxyStatistics({ proxyStatsMatcher }, {}).kept).toEqual({
      prefixes: ["cluster.outbound"],
      suffixes: ["upstream_rq_total"],
      regexps: ["http.*"],
    });
  });

  test("are those of an annotation in place of the same list of its settings", () => {
    const proxyStatsMatcher = { inclusionPrefixes: ["a"], inclusionSuffixes: ["b"] };
    const annotations = {
      "sidecar.istio.io/statsInclusionPrefixes": "c,d,",
      "sidecar.istio.io/statsInclusionSuffixes": "",
      "sidecar.istio.io/statsInclusionRegexps": "e.*,)",
    };
    expect(proxyStatistics({ proxyStatsMatcher }, annotations).kept).toEqual({
      prefixes: ["c", "d"],
      suffixes: ["b"],
      regexps: ["e.*"],
    });
    const named = { "sidecar.istio.io/statsInclusionPrefixes": "c" };
    expect(proxyStatistics({}, named).kept).toEqual({ ...NONE, prefixes: ["c"] });
  });
});

test.each([
  ["192.0.2.1:8125", { address: "192.0.2.1", port: 8125 }],
  ["[2001:db8::1]:8125", { address: "2001:db8::1", port: 8125 }],
  ["statsd.example.com:8125", undefined],
  ["$(HOST_IP):8125", undefined],
  ["", undefined],
])("a server of statsd at '%s' is one that Envoy reaches without asking DNS", (text, statsd) => {
  expect(proxyStatistics({ statsdUdpAddress: text }, {}).statsd).toEqual(statsd);
});

test("what is left out is told of", () => {
  const config = {
    proxyStatsMatcher: { inclusionRegexps: ["a", "("] },
    statsdUdpAddress: "statsd.example.com:8125",
  };
  const found = [...checkStatistics(config, ["defaultConfig"])];
  expect(found.map(({ path, code, severity }) => [path.join("."), code, severity])).toEqual([
    ["defaultConfig.proxyStatsMatcher.inclusionRegexps.1", "IST0133", "warning"],
    ["defaultConfig.statsdUdpAddress", "not-applied", "warning"],
  ]);
  const right = { statsdUdpAddress: "192.0.2.1:8125" };
  expect([...checkStatistics(right, [])]).toEqual([]);
});
