/** Which part of a DestinationRule's policies counts for a port of a subset. */
import { expect, test } from "vitest";
import type { TrafficPolicy } from "../../../src/config/kinds/networking/destination-rule/traffic-policy.js";
import { effectivePolicy } from "../../../src/mesh/routing/traffic-policy.js";

const POOL = { tcp: { maxConnections: 1 } };
const WHOLE: TrafficPolicy = {
  connectionPool: POOL,
  proxyProtocol: { version: "V2" },
  retryBudget: { percent: 5 },
};
const OF_PORT: TrafficPolicy = {
  portLevelSettings: [{ port: { number: 443 }, tls: { mode: "SIMPLE" } }],
};

/** The policy of port 443 of the subset v1. */
const policyOf = (rule: TrafficPolicy, subset?: TrafficPolicy) => {
  const subsets = [{ name: "v1", ...(subset === undefined ? {} : { trafficPolicy: subset }) }];
  return effectivePolicy({ trafficPolicy: rule, subsets }, "v1", 443);
};

test("what a rule says of a port stands in the place of all that it says of connections", () => {
  expect(policyOf({ ...WHOLE, ...OF_PORT })).toEqual({ tls: { mode: "SIMPLE" } });
});

test("other ports go by what the rule says of all", () => {
  const policy = { ...WHOLE, ...OF_PORT };
  expect(effectivePolicy({ trafficPolicy: policy }, "", 80)).toEqual(WHOLE);
});

test("a tunnel is one for all ports", () => {
  const tunnel = { targetHost: "out.example.com", targetPort: 443 };
  expect(policyOf({ tunnel, ...OF_PORT })).toEqual({ tunnel, tls: { mode: "SIMPLE" } });
  expect(policyOf({}, { tunnel, ...OF_PORT })).toEqual({ tunnel, tls: { mode: "SIMPLE" } });
});

test("what a subset says of a port leaves it what of the rule no port can say", () => {
  const { connectionPool: _pool, ...rest } = WHOLE;
  expect(policyOf(WHOLE, OF_PORT)).toEqual({ ...rest, tls: { mode: "SIMPLE" } });
});

test("what a subset says of a port stands in the place of what it says of all", () => {
  expect(policyOf({}, { ...WHOLE, ...OF_PORT })).toEqual({ tls: { mode: "SIMPLE" } });
});

test("a section of a subset replaces that of the rule", () => {
  const own = { tcp: { maxConnections: 2 } };
  expect(policyOf(WHOLE, { connectionPool: own })).toEqual({ ...WHOLE, connectionPool: own });
});
