/** What is told of workloads that registered themselves as some of a WorkloadGroup. */
import { expect, test } from "vitest";
import { Engine } from "../../../src/base/engine/engine.js";
import { Table } from "../../../src/base/table/table.js";
import { meshConfigOf } from "../../../src/config/mesh-config/mesh-config.js";
import { parseOffline } from "../../../src/config/parse-offline.js";
import { describePod, describeService } from "../../../src/console/describe/describe.js";
import type { Subject } from "../../../src/console/describe/subject.js";
import { createMesh } from "../../../src/mesh/create-mesh.js";
import { parseNode } from "../../../src/mesh/proxy/proxy.js";

const TEXT = `apiVersion: networking.istio.io/v1
kind: WorkloadGroup
metadata: { name: vms }
spec:
  metadata: { labels: { app: billing } }
  template: { serviceAccount: billing }
  probe: { tcpSocket: { port: 8080 } }
---
apiVersion: v1
kind: Service
metadata: { name: billing }
spec: { selector: { app: billing }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
`;

interface Member {
  readonly name: string;
  readonly account?: string;
  readonly group?: string;
  /** Whether its application is healthy; unknown when absent. */
  readonly healthy?: boolean;
}

const HEALTHY: Member = { name: "vm-1", healthy: true };
const SICK: Member = { name: "vm-2", healthy: false };

/** The mesh with proxies, none of which says more than which group it is of. */
function subjectWith(...members: readonly Member[]): Subject {
  const proxies = members.map(({ name, account = "billing", group = "vms" }, index) => {
    const proxy = parseNode({
      id: `sidecar~10.0.0.${index + 1}~${name}.default~default.svc.cluster.local`,
      metadata: { SERVICE_ACCOUNT: account, AUTO_REGISTER_GROUP: group },
    });
    if ("invalid" in proxy) throw new Error(proxy.invalid);
    return proxy;
  });
  const health = members.flatMap(({ name, healthy }) =>
    healthy === undefined ? [] : [[`${name}.default`, { healthy, reason: "no answer" }] as const],
  );
  const snapshot = parseOffline([{ path: "mesh.yaml", text: TEXT }]);
  const mesh = createMesh(new Engine())({
    snapshot,
    config: meshConfigOf(undefined),
    proxies: Table.from(proxies.map((proxy) => [proxy.id, proxy])),
    health: Table.from(health),
  });
  return { mesh, snapshot, proxies, namespace: "default", ignoresUnmeshed: false };
}

const podLines = (name: string, ...members: readonly Member[]): readonly string[] | undefined =>
  describePod(subjectWith(...members), { name, namespace: "default" });

const serviceLines = (...members: readonly Member[]): readonly string[] | undefined =>
  describeService(subjectWith(...members), { name: "billing", namespace: "default" });

test("a pod that is not ready is told with the services that wait for it", () => {
  expect(podLines("vm-2", HEALTHY, SICK)?.slice(0, 8)).toEqual([
    "Pod: vm-2",
    "   Service account: billing",
    "   WorkloadGroup: vms (mesh.yaml:1)",
    "   Health: unhealthy (no answer)",
    "WARNING: nobody calls it while it is not ready",
    "--------------------",
    "Service: billing (mesh.yaml:9)",
    "   Port: http 80/HTTP targets pod port 8080",
  ]);
  expect(podLines("vm-1", HEALTHY, SICK)).not.toContain(
    "WARNING: nobody calls it while it is not ready",
  );
});

test("a service tells which of its pods are not ready, and has ports also when none is", () => {
  const PORT = "   Port: http 80/HTTP targets pod port 8080";
  expect(serviceLines(HEALTHY, SICK)?.slice(1)).toEqual([
    PORT,
    "WARNING: pods that are not ready: vm-2",
  ]);
  expect(serviceLines(SICK)?.slice(1)).toEqual([PORT, "WARNING: none of its pods is ready: vm-2"]);
  expect(serviceLines(HEALTHY)?.slice(1)).toEqual([PORT]);
  expect(serviceLines()?.at(-1)).toBe("WARNING: the service has no pods");
});

test("a pod whose proxy names a group that it is not of is told with the reason", () => {
  expect(podLines("vm-3", { name: "vm-3", group: "wms" })).toContain(
    "   WARNING: it is of no group: there is no WorkloadGroup wms in namespace default",
  );
  expect(podLines("vm-3", { name: "vm-3", account: "other" })).toContain(
    "   WARNING: it is of no group: WorkloadGroup vms is of service account billing, and it has proved to be other",
  );
});
