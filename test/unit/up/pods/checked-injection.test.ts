import { expect, test } from "vitest";
import {
  checkLabels,
  checkPod,
  checkWorkload,
  checkWorkloads,
} from "../../../../src/up/pods/checked-injection.js";
import { deployment, INJECTED, resource, tablesOf } from "../fixtures.js";

const QUIET = resource("Namespace", "quiet", { labels: { "istio-injection": "disabled" } });
const GATEWAY = resource("Gateway", "entry.istio-system", {
  spec: { selector: { istio: "ingressgateway" }, servers: [] },
});
const TABLES = tablesOf(
  INJECTED,
  QUIET,
  GATEWAY,
  deployment("payments"),
  deployment("payments-v2"),
  deployment("reports.quiet"),
  deployment("entry.quiet", { annotations: { "inject.istio.io/templates": "gateway" } }),
);

const payments = { name: "payments", namespace: "default" };
const enabled = "the namespace has the label istio-injection=enabled";
const disabled = "the namespace has the label istio-injection=disabled";

test("all workloads, or those of a namespace, are told of", () => {
  expect(checkWorkloads(TABLES, undefined).map(({ workload, proxy }) => [workload, proxy])).toEqual(
    [
      ["Deployment payments.default", "sidecar"],
      ["Deployment payments-v2.default", "sidecar"],
      ["Deployment entry.quiet", "router"],
      ["Deployment reports.quiet", "none"],
    ],
  );
  expect(checkWorkloads(TABLES, "quiet").map(({ workload }) => workload)).toEqual([
    "Deployment entry.quiet",
    "Deployment reports.quiet",
  ]);
});

test("a pod is what its workload is, a workload has its own name alone", () => {
  const pod = { ...payments, name: "payments-v2-0" };
  expect(checkPod(TABLES, pod)).toEqual({
    workload: "Deployment payments-v2.default",
    namespace: "default",
    proxy: "sidecar",
    reason: enabled,
  });
  expect(checkWorkload(TABLES, pod)).toBeUndefined();
  expect(checkWorkload(TABLES, payments)?.workload).toBe("Deployment payments.default");
  expect(checkPod(TABLES, { ...payments, namespace: "quiet" })).toBeUndefined();
});

test("gateways are so by the annotation of their pods, or by who selects them", () => {
  expect(checkWorkload(TABLES, { name: "entry", namespace: "quiet" })?.reason).toBe(
    "the pod is annotated inject.istio.io/templates=gateway",
  );
  const labels = { istio: "ingressgateway", "sidecar.istio.io/inject": "false" };
  expect(checkLabels(TABLES, "quiet", labels)).toEqual({
    workload: "istio=ingressgateway,sidecar.istio.io/inject=false",
    namespace: "quiet",
    proxy: "router",
    reason: "Gateway entry.istio-system selects the pod",
  });
});

test("labels are looked at with those of the namespace", () => {
  const asking = { "sidecar.istio.io/inject": "true" };
  expect(checkLabels(TABLES, "quiet", asking)).toMatchObject({ proxy: "none", reason: disabled });
  expect(checkLabels(TABLES, "default", asking)).toMatchObject({
    proxy: "sidecar",
    reason: "the pod has the label sidecar.istio.io/inject=true",
  });
});

test("a pod that runs elsewhere is looked at by its own labels", () => {
  const elsewhere = resource("Pod", "ledger", {
    spec: {},
    status: { podIP: "192.0.2.7" },
    labels: { "sidecar.istio.io/inject": "false" },
  });
  const tables = tablesOf(INJECTED, elsewhere);
  expect(checkPod(tables, { name: "ledger", namespace: "default" })).toMatchObject({
    workload: "Pod ledger.default",
    reason: "the pod has the label sidecar.istio.io/inject=false",
  });
});
