/** What the proxies that connect say of the workloads that files describe. */
import { expect, test } from "vitest";
import { Engine } from "../../../src/base/engine/engine.js";
import { Table } from "../../../src/base/table/table.js";
import { meshConfigOf } from "../../../src/config/mesh-config/mesh-config.js";
import { createMesh } from "../../../src/mesh/create-mesh.js";
import { parseNode } from "../../../src/mesh/proxy/proxy.js";
import { createDirectory } from "../config/directory.js";

const FILE = `
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: orders }
spec: { address: 10.0.0.1, serviceAccount: orders }
---
apiVersion: v1
kind: Pod
metadata: { name: plain }
spec: { serviceAccountName: plain }
status: { podIP: 10.0.0.2 }
`;

/** Which of the workloads are called by mutual TLS while a proxy of a type and service account is connected at an address. */
function calledByTls(type: string, address: string, account: string): readonly string[] {
  const proxy = parseNode({
    id: `${type}~${address}~a-0.default~default.svc.cluster.local`,
    metadata: { SERVICE_ACCOUNT: account },
  });
  if ("invalid" in proxy) throw new Error(proxy.invalid);
  const mesh = createMesh(new Engine())({
    snapshot: createDirectory().write({ "mesh.yaml": FILE }),
    config: meshConfigOf(undefined),
    proxies: Table.from([[proxy.id, proxy]]),
  });
  return [...mesh.workloadsByAddress.values()]
    .flatMap((at) => [...at.values()])
    .filter(({ meshTls, source }) => meshTls && source !== undefined)
    .map(({ name }) => name)
    .sort();
}

test("a proxy says whether mutual TLS reaches the workload that it is of", () => {
  expect(calledByTls("sidecar", "10.0.0.2", "plain")).toEqual(["orders", "plain"]);
  expect(calledByTls("router", "10.0.0.1", "orders")).toEqual([]);
});

test("a proxy at the address of another service account's workload says nothing of how that is called", () => {
  expect(calledByTls("router", "10.0.0.1", "payments")).toEqual(["orders"]);
  expect(calledByTls("sidecar", "10.0.0.2", "payments")).toEqual(["orders"]);
});
