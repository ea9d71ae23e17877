/** What certificates tell of workloads. That Envoys read it, is shown by the tests of metrics with real ones. */
import { expect, test } from "vitest";
import { workloadSubject } from "../../../src/ca/certificate/certificate-template.js";
import { describeWorkload } from "../../../src/envoy/telemetry/peer-description.js";

const WORKLOAD = {
  workloadName: "payments-v1",
  namespace: "shop",
  labels: { app: "payments", version: "v1", tier: "back" },
  clusterId: "Kubernetes",
};

test("a workload is described by what metrics call it", () => {
  expect(describeWorkload(WORKLOAD)).toBe(
    "|workload=payments-v1|canonical_service=payments|canonical_revision=v1" +
      "|workload_namespace=shop|app=payments|version=v1|cluster=Kubernetes",
  );
});

test("a workload without labels is of a service of its own name, in its latest revision", () => {
  expect(describeWorkload({ ...WORKLOAD, labels: {} })).toBe(
    "|workload=payments-v1|canonical_service=payments-v1|canonical_revision=latest" +
      "|workload_namespace=shop|cluster=Kubernetes",
  );
});

test.each(["", "a|app=b", "a=b", "a b", "a,CN=b", "a\nb", "é", "a".repeat(129)])(
  "%j describes nothing",
  (value) => {
    const described = describeWorkload({
      ...WORKLOAD,
      labels: { app: "payments", version: value },
    });
    expect(described).not.toContain("version");
    expect(described).not.toContain("revision");
    expect(described).toContain("|app=payments|cluster=");
  },
);

test("whatever a node says of itself, there can be a certificate of it", () => {
  const longest = "a".repeat(128);
  const labels = {
    app: longest,
    version: longest,
    "service.istio.io/canonical-name": longest,
    "service.istio.io/canonical-revision": longest,
  };
  const named = { workloadName: longest, namespace: longest, labels, clusterId: longest };
  const description = describeWorkload(named);
  expect(workloadSubject({ ...IDENTITY, description })).toBe(`2.5.4.13=${description}`);
  const nothing = { workloadName: "", namespace: "", labels: {}, clusterId: "" };
  expect(describeWorkload(nothing)).toBe("|canonical_revision=latest");
});

const IDENTITY = { trustDomain: "cluster.local", namespace: "shop", serviceAccount: "payments" };
