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

  test("is of its spans what says something, and what an Envoy takes", () => {
    const tracing = {
      zipkin: { address: "zipkin:9411" },
      sampling: 10,
      maxPathTagLength: 0,
      customTags: { a: { literal: { value: "1" } }, b: { header: { name: "no header" } } },
    };
    expect(parsed({ PROXY_CONFIG: { tracing } })).toMatchObject({
      tracing: { sampling: 10, customTags: { a: { literal: { value: "1" } } } },
    });
    const idle = { zipkin: tracing.zipkin, sampling: 0 };
    expect(parsed({ PROXY_CONFIG: { tracing: idle } })).not.toHaveProperty("tracing");
  });
});

test("the service of a proxy is called as its node says", () => {
  const id = "sidecar~10.0.0.1~a-0.default~default.svc.cluster.local";
  expect(parseNode({ id, cluster: "a.default", metadata: {} })).toMatchObject({
    serviceName: "a.default",
  });
  expect(parseNode({ id, cluster: "", metadata: {} })).not.toHaveProperty("serviceName");
});

describe("who answers DNS for a proxy", () => {
  const sidecar = (metadata: Readonly<Record<string, unknown>>) =>
    parseNode({ id: "sidecar~10.0.0.1~shop-0.default~default.svc.cluster.local", metadata });
  const agent = { PROXY_CONFIG: { binaryPath: "/usr/local/bin/envoy" } };

  test("is nobody unless it asks", () => {
    expect(sidecar({})).toMatchObject({ dns: "nobody" });
    expect(sidecar({ DNS_CAPTURE: "false", ...agent })).toMatchObject({ dns: "nobody" });
  });

  test("is the agent that started it, else a sidecar itself", () => {
    expect(sidecar({ DNS_CAPTURE: "true" })).toMatchObject({ dns: "envoy" });
    expect(sidecar({ DNS_CAPTURE: "true", ...agent })).toMatchObject({ dns: "agent" });
  });

  test("is never a gateway's Envoy, which has no application", () => {
    expect(parsed({ DNS_CAPTURE: "true" })).toMatchObject({ dns: "nobody" });
    expect(parsed({ DNS_CAPTURE: "true", ...agent })).toMatchObject({ dns: "agent" });
  });
});
