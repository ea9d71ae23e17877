import { describe, expect, test } from "vitest";
import { parseNode } from "../../../src/mesh/proxy.js";

const parsed = (metadata: Readonly<Record<string, unknown>>) =>
  parseNode({ id: "router~10.0.0.1~edge-0.default~default.svc.cluster.local", metadata });

describe("what a proxy says of its settings", () => {
  test("is in those with which it was started", () => {
    const gatewayTopology = { numTrustedProxies: 1, proxyProtocol: {} };
    const proxyHeaders = { preserveHttp1HeaderCase: true };
    const settings = { gatewayTopology, proxyHeaders };
    expect(parsed({ PROXY_CONFIG: settings })).toMatchObject(settings);
  });

  test.each([
    [{}],
    [{ PROXY_CONFIG: "text" }],
    [{ PROXY_CONFIG: { statusPort: 1 } }],
    [{ PROXY_CONFIG: { gatewayTopology: null } }],
    [{ PROXY_CONFIG: { gatewayTopology: { numTrustedProxies: -1 } } }],
    [{ PROXY_CONFIG: { gatewayTopology: { forwardClientCertDetails: "ALL" } } }],
    [{ PROXY_CONFIG: { proxyHeaders: { requestId: true } } }],
  ])("is nothing in %j", (metadata) => {
    expect(parsed(metadata)).not.toHaveProperty("gatewayTopology");
    expect(parsed(metadata)).not.toHaveProperty("proxyHeaders");
    expect(parsed(metadata)).not.toHaveProperty("invalid");
  });
});
