/** What a user is told of resources that are not sent because Envoy would refuse them. */

import { expect, test } from "vitest";
import { createDiscovery } from "../../../src/app/discovery.js";
import { watchEncoder } from "../../../src/app/refused/watched-encoder.js";
import { createWithheld } from "../../../src/app/refused/withheld.js";
import { formatDiagnostic } from "../../../src/base/diagnostic.js";
import { Table } from "../../../src/base/table/table.js";
import { parseOffline } from "../../../src/config/parse-offline.js";
import type { ConfigSnapshot } from "../../../src/config/snapshot.js";
import { refusalDiagnostics, refusalsIn } from "../../../src/envoy/diagnostics/refusals.js";
import type { ProxySets } from "../../../src/envoy/resource/resource-set.js";
import { type Proxy, parseNode } from "../../../src/mesh/proxy/proxy.js";
import { createDirectory, service } from "../config/directory.js";
import { goldenEncoder } from "../golden/golden-case.js";

const encoder = goldenEncoder();

function proxy(name: string): Proxy {
  const id = `sidecar~10.0.0.1~${name}.default~default.svc.cluster.local`;
  const parsed = parseNode({ id, metadata: { LABELS: { app: name } } });
  if ("invalid" in parsed) throw new Error(parsed.invalid);
  return parsed;
}

const PROXIES = [proxy("one"), proxy("two")];

/** What each of the proxies is sent. */
function resourcesIn(snapshot: ConfigSnapshot): readonly ProxySets[] {
  const discovery = createDiscovery(encoder, snapshot);
  discovery.update({
    snapshot,
    proxies: Table.from(PROXIES.map((one) => [one.id, one] as const)),
    standIns: [],
  });
  return PROXIES.map((one) => discovery.resourcesOf({ proxy: one, controlPlane: undefined }));
}

const filter = (timeout: string): string => `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: hasty }
spec:
  configPatches:
    - applyTo: CLUSTER
      match: { context: SIDECAR_OUTBOUND, cluster: { service: cart.default.svc.cluster.local } }
      patch:
        operation: MERGE
        value: { connect_timeout: ${timeout} }
`;

test("a patch that is left out for several proxies is one diagnostic, at its line", () => {
  const snapshot = createDirectory().write({
    "services.yaml": service("cart"),
    "filter.yaml": filter("-1s"),
  });
  const found = refusalDiagnostics(refusalsIn(resourcesIn(snapshot)), snapshot);
  expect(found.map(formatDiagnostic)).toEqual([
    expect.stringMatching(
      /^mesh\/filter\.yaml:7:7: error\[refused-by-envoy\]: .*cluster outbound\|80\|\|cart.*connect_timeout: "-1s"/,
    ),
  ]);
  expect(found[0]?.resource).toBe("EnvoyFilter hasty.default");
});

test("a resource is blamed that says what is refused, at the field that says it", () => {
  const snapshot = parseOffline([
    { path: "services.yaml", text: service("cart") },
    { path: "filter.yaml", text: filter("7s") },
  ]);
  const [finding] = refusalDiagnostics(
    [
      {
        reason: "cluster cart: no",
        violations: [{ path: "connect_timeout", problem: "is odd", found: "7s" }],
        sources: [
          { kind: "Service", namespace: "default", name: "cart" },
          { kind: "EnvoyFilter", namespace: "default", name: "hasty" },
        ],
      },
    ],
    snapshot,
  );
  expect(finding?.position).toEqual({ file: "filter.yaml", line: 11, column: 35 });
});

test("is told when it comes and when it goes, and is not looked for before anything was refused", () => {
  const watched = watchEncoder(encoder, { isAside: false });
  const directory = createDirectory();
  let snapshot = directory.write({ "services.yaml": service("cart") });
  const discovery = createDiscovery(watched.encoder, snapshot);
  const changes: (readonly [added: number, cleared: number])[] = [];
  let looks = 0;
  const withheld = createWithheld({
    hasRefused: watched.hasRefused,
    sets: () => {
      looks++;
      return PROXIES.map((one) => discovery.resourcesOf({ proxy: one, controlPlane: undefined }));
    },
    idlePatches: () => [],
    unserved: () => [],
    lostPorts: () => [],
    snapshot: () => snapshot,
    onChange: ({ newDiagnostics, clearedDiagnostics }) => {
      changes.push([newDiagnostics.length, clearedDiagnostics.length]);
    },
  });
  const write = (text: string): void => {
    snapshot = directory.write({ "filter.yaml": text });
    discovery.update({ snapshot, proxies: Table.empty(), standIns: [] });
    for (const one of PROXIES) discovery.resourcesOf({ proxy: one, controlPlane: undefined });
    withheld.look();
  };
  withheld.look();
  expect([looks, changes]).toEqual([0, []]);
  write(filter("-1s"));
  write(filter("-1s"));
  write(filter("1s"));
  expect(changes).toEqual([
    [1, 0],
    [0, 1],
  ]);
});

test("an endpoint that nobody would look up is left out alone, at the line that names it", () => {
  const snapshot = createDirectory().write({
    "machines.yaml": `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: machines }
spec:
  hosts: [machines.example.com]
  resolution: STATIC
  workloadSelector: { labels: { app: machines } }
  ports: [{ number: 80, name: http, protocol: HTTP }]
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: named, labels: { app: machines } }
spec:
  address: machine.example.com
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: addressed, labels: { app: machines } }
spec:
  address: 10.0.0.9
`,
  });
  const [sets] = resourcesIn(snapshot);
  const endpoints = sets?.endpoints.get("outbound|80||machines.example.com");
  expect(endpoints?.refusal).toBeUndefined();
  expect(Buffer.from(endpoints?.bytes ?? []).toString()).toContain("10.0.0.9");
  const found = refusalDiagnostics(refusalsIn(sets === undefined ? [] : [sets]), snapshot);
  expect(found.map(formatDiagnostic)).toEqual([
    expect.stringMatching(
      /^mesh\/machines\.yaml:15:12: error\[refused-by-envoy\]: .*"machine\.example\.com" is a name/,
    ),
  ]);
});
