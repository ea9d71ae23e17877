import { expect, test } from "vitest";
import { connectionSettings } from "../../../src/mesh/proxy/connection-settings.js";

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
  expect(connectionSettings({ metadata }, "inbound")).toEqual(inbound);
  expect(connectionSettings({ metadata }, "outbound")).toEqual(outbound);
});
