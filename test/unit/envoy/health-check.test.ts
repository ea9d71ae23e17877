/** What an Envoy is told to check. */
import { expect, test } from "vitest";
import type { ReadinessProbe } from "../../../src/config/kinds/networking/workload-group.js";
import type { ResourceOf } from "../../../src/config/kinds.js";
import { parseOffline } from "../../../src/config/parse-offline.js";
import { NO_CHECKS, probeChecks } from "../../../src/envoy/health-check.js";
import { type Proxy, parseNode } from "../../../src/mesh/proxy/proxy.js";
import { healthProbe } from "../../../src/mesh/workload/health-probe.js";
import { goldenEncoder } from "../golden/golden-case.js";

const encoder = goldenEncoder();

function group(probe: ReadinessProbe): ResourceOf<"WorkloadGroup"> {
  const metadata = { name: "vms" };
  const text = JSON.stringify({
    ...{ apiVersion: "networking.istio.io/v1", kind: "WorkloadGroup", metadata },
    spec: { template: {}, probe },
  });
  return parseOffline([{ path: "group.yaml", text }]).tables.WorkloadGroup.get("default/vms")!;
}

function proxy(metadata: object = {}, ip = "10.0.0.7"): Proxy {
  const id = `sidecar~${ip}~vm-1.default~default.svc.cluster.local`;
  return parseNode({ id, metadata: { ...metadata } }) as Proxy;
}

/** The checks in canonical JSON, of which Envoy would refuse nothing. */
function checks(probe: ReadinessProbe, of: Proxy = proxy()): object {
  const json = probeChecks(healthProbe(group(probe))!, of);
  const type = "envoy.service.health.v3.HealthCheckSpecifier";
  const { bytes, violations } = encoder.encode(type, json);
  expect(violations).toBeUndefined();
  return encoder.decode(type, bytes);
}

const endpoint = (address: string, portValue: number) => ({
  localityEndpoints: [{ endpoints: [{ address: { socketAddress: { address, portValue } } }] }],
});

test("a page is asked for at the workload's address, by way of what the kernel does not capture", () => {
  expect(checks({ httpGet: { port: 80 } })).toEqual({
    clusterHealthChecks: [
      {
        clusterName: "workload-probe",
        healthChecks: [
          {
            timeout: "1s",
            interval: "10s",
            noTrafficInterval: "10s",
            healthyThreshold: 1,
            unhealthyThreshold: 1,
            reuseConnection: false,
            httpHealthCheck: {
              host: "10.0.0.7:80",
              path: "/",
              expectedStatuses: [{ start: "200", end: "400" }],
              retriableStatuses: [
                { start: "100", end: "200" },
                { start: "400", end: "600" },
              ],
            },
          },
        ],
        ...endpoint("10.0.0.7", 80),
        upstreamBindConfig: { sourceAddress: { address: "127.0.0.6", portValue: 0 } },
      },
    ],
    interval: "5s",
  });
});

test("times, thresholds, path and headers are those of the probe", () => {
  const httpHeaders = [
    { name: "Host", value: "app.example" },
    { name: "x-a", value: "100%" },
  ];
  const probe = {
    ...{ timeoutSeconds: 3, periodSeconds: 2, successThreshold: 4, failureThreshold: 5 },
    httpGet: { port: 80, path: "ready?a=b", httpHeaders },
  };
  expect(checks(probe)).toMatchObject({
    interval: "2s",
    clusterHealthChecks: [
      {
        healthChecks: [
          {
            ...{ timeout: "3s", interval: "2s", healthyThreshold: 4, unhealthyThreshold: 5 },
            httpHealthCheck: {
              host: "app.example",
              path: "/ready?a=b",
              requestHeadersToAdd: [{ header: { key: "x-a", value: "100%%" } }],
            },
          },
        ],
      },
    ],
  });
});

test("TLS is taken with any certificate", () => {
  expect(checks({ httpGet: { port: 443, scheme: "HTTPS" } })).toMatchObject({
    clusterHealthChecks: [
      {
        transportSocketMatches: [
          {
            match: {},
            transportSocket: {
              typedConfig: { commonTlsContext: {} },
            },
          },
        ],
      },
    ],
  });
});

test.each<[string, ReadinessProbe, Proxy, object]>([
  [
    "by TCP nothing is said",
    { tcpSocket: { port: 81 } },
    proxy(),
    { healthChecks: [{ tcpHealthCheck: {} }], ...endpoint("10.0.0.7", 81) },
  ],
  [
    "gRPC's health service is asked for a service",
    { grpc: { port: 82, service: "billing" } },
    proxy(),
    {
      healthChecks: [{ grpcHealthCheck: { serviceName: "billing", authority: "10.0.0.7:82" } }],
    },
  ],
  [
    "an address that is given is asked",
    { tcpSocket: { port: 81, host: "localhost" } },
    proxy(),
    endpoint("127.0.0.1", 81),
  ],
  [
    "a name that would have to be looked up is not",
    { httpGet: { port: 81, host: "vm.example" } },
    proxy(),
    endpoint("10.0.0.7", 81),
  ],
  [
    "where nothing is captured, the application is where its proxy says",
    { tcpSocket: { port: 81 } },
    proxy({ INTERCEPTION_MODE: "NONE", APP_ADDRESS: "127.31.0.1" }),
    endpoint("127.31.0.1", 81),
  ],
  [
    "an address of IPv6 is one",
    { httpGet: { port: 81 } },
    proxy({}, "2001:db8::7"),
    { healthChecks: [{ httpHealthCheck: { host: "[2001:db8::7]:81" } }] },
  ],
])("%s", (_name, probe, of, expected) => {
  expect(checks(probe, of)).toMatchObject({ clusterHealthChecks: [expected] });
});

test.each<[string, Proxy, string | undefined]>([
  ["like any other where nothing is captured", proxy({ INTERCEPTION_MODE: "NONE" }), undefined],
  ["from 127.0.0.6 where they are captured", proxy(), "127.0.0.6"],
  ["from ::6 where they are captured by IPv6", proxy({}, "2001:db8::7"), "::6"],
])("connections are %s", (_where, of, source) => {
  const { clusterHealthChecks = [] } = probeChecks(
    healthProbe(group({ tcpSocket: { port: 81 } }))!,
    of,
  );
  const { upstreamBindConfig } = clusterHealthChecks[0]!;
  expect(upstreamBindConfig?.sourceAddress?.address).toBe(source);
});

test.each<[string, ReadinessProbe]>([
  ["by a command", { exec: { command: ["true"] } }],
  ["by gRPC without a port", { grpc: {} }],
])("nothing is checked %s", (_way, probe) => {
  expect(healthProbe(group(probe))).toBeUndefined();
});

test("that nothing is to be checked can be said", () => {
  const { violations } = encoder.encode("envoy.service.health.v3.HealthCheckSpecifier", NO_CHECKS);
  expect(violations).toBeUndefined();
});
