import { describe, expect, test } from "vitest";
import { parseNode } from "../../../src/mesh/proxy/proxy.js";

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

describe("the address of a proxy", () => {
  const withAddress = (address: string, metadata: Readonly<Record<string, unknown>> = {}) =>
    parseNode({ id: `sidecar~${address}~a.default~default.svc.cluster.local`, metadata });

  test("is that of its id, or else the first that it tells", () => {
    expect(withAddress("10.0.0.1", { INSTANCE_IPS: "10.0.0.2" })).toHaveProperty(
      "address",
      "10.0.0.1",
    );
    for (const none of ["", "host", "10.0.0", "10.0.0.1/24"]) {
      expect(withAddress(none, { INSTANCE_IPS: "a,fd00::1" })).toHaveProperty("address", "fd00::1");
    }
  });

  test.each([
    [withAddress(""), "neither node.id nor INSTANCE_IPS has an IP address"],
    [
      withAddress("host", { INSTANCE_IPS: "host" }),
      "neither node.id nor INSTANCE_IPS has an IP address",
    ],
    [
      withAddress("10.0.0.1", { APP_ADDRESS: "localhost" }),
      '"localhost" is no IP address of its own',
    ],
    [withAddress("10.0.0.1", { EGRESS_ADDRESS: "10.0" }), '"10.0" is no IP address of its own'],
  ])("has to be one: %#", (proxy, invalid) => {
    expect(proxy).toEqual({ invalid });
  });
});

test("a name of more than any of Kubernetes has is none", () => {
  const named = (length: number) =>
    parseNode({ id: `sidecar~10.0.0.1~${"x".repeat(length)}.default~d`, metadata: {} });
  expect(named(504)).toMatchObject({ namespace: "default" });
  expect(named(505)).toEqual({
    invalid: "its name and namespace have 513 characters; at most 512 are taken",
  });
  const other = { NAMESPACE: "y".repeat(1000) };
  expect(parseNode({ id: "sidecar~10.0.0.1~a.default~d", metadata: other })).toEqual({
    invalid: `node.id names namespace default, its metadata ${"y".repeat(200)}`,
  });
});
