/** What callers are told of endpoints that are not ready. */
import { expect, test } from "vitest";
import { SIDECAR, sentTo } from "./sent-to.js";

const CALLER = {
  ...SIDECAR,
  locality: { region: "", zone: "near", subZone: "" },
};

const service = (name: string, more: string): string => `
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec:
  clusterIP: 10.1.0.1
  ports: [{ name: http, port: 80, targetPort: 8080 }]
  ${more}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ name: http, port: 8080 }]
endpoints:
  - { addresses: [10.0.1.1], zone: near, conditions: { ready: true } }
  - { addresses: [10.0.1.2], zone: near, conditions: { ready: false } }
  - { addresses: [10.0.1.3], zone: near, conditions: { ready: false, terminating: true } }
  - { addresses: [10.0.2.1], zone: far }
`;

/** What a caller is told of the endpoints of a service: address, health, and when each is tried; and when there is a panic. */
function told(more: string) {
  const { clusters, endpoints } = sentTo(CALLER, service("shop", more));
  const name = "outbound|80||shop.default.svc.cluster.local";
  const { value } = clusters.get(name)?.commonLbConfig?.healthyPanicThreshold ?? {};
  return {
    panic: clusters.get(name)?.commonLbConfig?.healthyPanicThreshold && (value ?? 0),
    endpoints: endpoints
      .get(name)
      ?.endpoints?.flatMap(({ priority = 0, lbEndpoints = [] }) =>
        lbEndpoints.map(({ endpoint, healthStatus }) =>
          [endpoint?.address?.socketAddress?.address, priority, healthStatus ?? ""].join(" "),
        ),
      ),
  };
}

test.each(["trafficDistribution: PreferClose", "trafficDistribution: PreferSameNode"])(
  "where a service asks for endpoints nearby they are told as unhealthy, and never called: %s",
  (asking) => {
    expect(told(asking)).toEqual({
      panic: 0,
      endpoints: expect.arrayContaining([
        "10.0.1.1 0 ",
        "10.0.1.2 0 UNHEALTHY",
        "10.0.2.1 1 ",
      ]) as unknown,
    });
    expect(told(asking).endpoints).toHaveLength(3);
  },
);

test("elsewhere nobody is told of them", () => {
  expect(told("")).toEqual({ panic: undefined, endpoints: ["10.0.2.1 0 ", "10.0.1.1 0 "] });
});

test("they are called where the service says so", () => {
  const { endpoints } = told("trafficDistribution: PreferClose\n  publishNotReadyAddresses: true");
  expect(endpoints).toEqual(["10.0.2.1 1 ", "10.0.1.1 0 ", "10.0.1.2 0 "]);
});
