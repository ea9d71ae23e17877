import { expect, test } from "vitest";
import { connectionManners } from "../../../src/mesh/proxy/connection-manners.js";

test.each<[metadata: Readonly<Record<string, string>>, inbound: object, outbound: object]>([
  [{}, {}, {}],
  [{ IDLE_TIMEOUT: "1h" }, { idleTimeout: "1h" }, { idleTimeout: "1h" }],
  [{ IDLE_TIMEOUT: "0s" }, { idleTimeout: "0s" }, { idleTimeout: "0s" }],
  [{ IDLE_TIMEOUT: "-1s" }, {}, {}],
  [{ IDLE_TIMEOUT: "an hour" }, {}, {}],
  [{ IDLE_TIMEOUT: "99999999h" }, {}, {}],
  [{ INBOUND_LISTENER_EXACT_BALANCE: "true" }, { balanced: true }, {}],
  [{ OUTBOUND_LISTENER_EXACT_BALANCE: "true" }, {}, { balanced: true }],
  [{ OUTBOUND_LISTENER_EXACT_BALANCE: "false" }, {}, {}],
])("a node with %j asks for this on its sides", (metadata, inbound, outbound) => {
  expect(connectionManners({ metadata }, "inbound")).toEqual(inbound);
  expect(connectionManners({ metadata }, "outbound")).toEqual(outbound);
});
