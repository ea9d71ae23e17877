import { expect, test } from "vitest";
import { any } from "../../../src/envoy/any.js";
import { endingAtProxy } from "../../../src/simulator/ending.js";
import { walk } from "../../../src/simulator/simulate.js";
import { call, configuration, httpChain, listener, request } from "./calls.js";

const FAULT = any("envoy.extensions.filters.http.fault.v3.HTTPFault", {
  abort: { httpStatus: 418, percentage: { numerator: 100 } },
});

test("a request that a fault ends is not asked where it would go", () => {
  const route = {
    match: { prefix: "/" },
    route: { cluster: "missing" },
    typedPerFilterConfig: { "envoy.filters.http.fault": FAULT },
  };
  const server = listener("0.0.0.0", 80, { filterChains: [httpChain([route])] });
  const walked = walk(configuration({ listeners: [server] }), call({ request: request({}) }));
  expect(endingAtProxy(walked, [])).toMatchObject({ status: 418, flags: ["FI"] });
});
