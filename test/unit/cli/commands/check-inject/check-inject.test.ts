import { expect, test } from "vitest";
import { run } from "../../run.js";
import { expectTranscripts } from "../../transcript.js";

const SHOP = ["--config", "examples/shop"];

test("says of workloads, pods and labels whether they get a sidecar, and why", async () => {
  await expectTranscripts("check-inject", [
    ["check-inject", ...SHOP],
    ["x", "check-inject", ...SHOP, "payments-v1-0"],
    ["check-inject", ...SHOP, "deployment/reports", "-n", "mynamespace"],
    ["check-inject", ...SHOP, "-n", "elsewhere"],
    ["check-inject", ...SHOP, "-n", "elsewhere", "-l", "app=a,sidecar.istio.io/inject=false"],
    ["check-inject", ...SHOP, "-n", "istio-system", "-l", "istio=ingressgateway"],
    ["check-inject", ...SHOP, "reports-0.mynamespace", "-o", "json"],
  ]);
});

test.each([
  ["payment-v1-0", 1, 'there is no pod payment-v1-0.default (did you mean "payments-v1.default"?)'],
  ["svc/payments", 2, "a service gets no sidecar: the pods that serve it do"],
  ["deployment/payments-v1-0", 1, "there is no workload payments-v1-0.default"],
  ["A/b/c", 1, '"A/b/c" is no pod'],
])("says of %s that there is none", async (pod, code, text) => {
  const outcome = await run(["check-inject", ...SHOP, pod]);
  expect(outcome).toMatchObject({ code, stdout: "" });
  expect(outcome.stderr).toContain(text);
});

test("takes a pod or labels, not both", async () => {
  const { code, stderr } = await run(["check-inject", ...SHOP, "payments-v1-0", "-l", "a=b"]);
  expect(code).toBe(2);
  expect(stderr).toContain("--labels is given beside a pod, which has labels of its own");
});
