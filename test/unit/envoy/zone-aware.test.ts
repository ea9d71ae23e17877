/** Which endpoints are tried when, where load balancing is to be aware of zones. */
import { describe, expect, test } from "vitest";
import { SIDECAR, sentTo } from "./sent-to.js";

const CALLER = {
  ...SIDECAR,
  locality: { region: "us", zone: "east", subZone: "" },
  metadata: { LABELS: { app: "caller", ring: "a" } },
};

const HOST = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: db }
spec:
  hosts: [db.example.com]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: STATIC
  endpoints:
    - { address: 10.0.0.1, locality: us/east, labels: { ring: a } }
    - { address: 10.0.0.2, locality: us/west, labels: { ring: b } }
    - { address: 10.0.0.3, locality: eu/west, labels: { ring: a } }
    - { address: 10.0.0.4, locality: asia/south, labels: { ring: b } }
`;

const rule = (loadBalancer: string): string => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: db }
spec: { host: db.example.com, trafficPolicy: { loadBalancer: ${loadBalancer} } }
`;

const meshWith = (setting: string): string => `
apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data: { mesh: "zoneAwareLbSetting: ${setting}" }
`;

/** The last parts of the addresses that are tried first, second and so on. */
function tried(...texts: readonly string[]): readonly (readonly string[])[] {
  const { endpoints } = sentTo(CALLER, HOST, ...texts);
  const order: string[][] = [];
  for (const place of endpoints.get("outbound|80||db.example.com")?.endpoints ?? []) {
    const { priority = 0, lbEndpoints = [] } = place;
    const found = lbEndpoints.map(({ endpoint }) => endpoint?.address?.socketAddress?.address);
    order[priority] = [...(order[priority] ?? []), ...found.map((one) => (one ?? "").slice(-1))];
  }
  return order.map((members) => members.sort());
}

const zoneAware = (fields: string): string => rule(`{ zoneAwareLbSetting: { ${fields} } }`);

describe("a setting that is aware of zones", () => {
  test.each([
    [
      "the caller's region comes first",
      "enabled: true",
      [
        ["1", "2"],
        ["3", "4"],
      ],
    ],
    [
      "and then the region that stands in for it",
      "failover: [{ from: us, to: asia }]",
      [["1", "2"], ["4"], ["3"]],
    ],
    ["labels come before regions", "failoverPriority: [ring]", [["1"], ["3"], ["2"], ["4"]]],
    ["unless it is switched off", "enabled: false", [["1", "2", "3", "4"]]],
  ])("%s", (_what, fields, order) => {
    expect(tried(zoneAware(fields))).toEqual(order);
  });

  test("is the mesh's where a rule has none", () => {
    expect(tried(meshWith("{ enabled: true }"))).toEqual([
      ["1", "2"],
      ["3", "4"],
    ]);
    expect(
      tried(meshWith("{ enabled: true }"), rule("{ localityLbSetting: { enabled: false } }")),
    ).toEqual([["1", "2", "3", "4"]]);
  });

  test("tells Envoy from how many endpoints on zones count, and gives no weights to places", () => {
    const setting = zoneAware("minClusterSize: 3, failoverPriority: [ring]");
    const { clusters } = sentTo(CALLER, HOST, setting);
    expect(clusters.get("outbound|80||db.example.com")?.commonLbConfig).toEqual({
      zoneAwareLbConfig: { minClusterSize: "3" },
    });
  });
});
