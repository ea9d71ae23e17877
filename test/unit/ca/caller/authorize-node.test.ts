import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { authorizeNode } from "../../../../src/ca/caller/authorize-node.js";
import { proved } from "../../../../src/ca/caller/proof.js";

const PROOF = proved({
  ...{ trustDomain: "cluster.local", namespace: "default", serviceAccount: "payments" },
  ...{ method: "token", expiresAt: 0, evidence: "abc" },
});

test("a node may claim what it proved", () => {
  const claim = { namespace: "default", serviceAccount: "payments", labels: { app: "any" } };
  expect(authorizeNode(PROOF, claim)).toEqual({ kind: "allowed" });
});

describe("a node may not claim", () => {
  test.each([
    ["another namespace", { namespace: "prod", serviceAccount: "payments" }, "prod/payments"],
    [
      "another service account",
      { namespace: "default", serviceAccount: "orders" },
      "default/orders",
    ],
    ["none", { namespace: "", serviceAccount: "" }, "/,"],
    ["a longer name", { namespace: "default", serviceAccount: "payments2" }, "default/payments2"],
  ])("%s", (_, claim, named) => {
    const result = authorizeNode(PROOF, { ...claim, labels: {} });
    expect(result).toMatchObject({ kind: "denied", code: status.PERMISSION_DENIED });
    expect(result).toHaveProperty("message", expect.stringContaining(named));
    expect(result).toHaveProperty("message", expect.stringContaining("default/payments"));
  });
});

describe("of labels", () => {
  const limited = proved({ ...PROOF, labels: { app: "payments", version: "v1" } });
  const claim = (labels: Readonly<Record<string, string>>) =>
    authorizeNode(limited, { namespace: "default", serviceAccount: "payments", labels });

  test.each([[{}], [{ app: "payments" }], [{ app: "payments", version: "v1" }]])(
    "a node may claim %j of those that its proof is for",
    (labels) => {
      expect(claim(labels)).toEqual({ kind: "allowed" });
    },
  );

  test.each([
    [{ app: "orders" }, "app=orders"],
    [{ app: "payments", istio: "ingressgateway" }, "istio=ingressgateway"],
    [{ constructor: "x" }, "constructor=x"],
  ])("a node may not claim %j", (labels, named) => {
    const result = claim(labels);
    expect(result).toMatchObject({ kind: "denied", code: status.PERMISSION_DENIED });
    expect(result).toHaveProperty("message", expect.stringContaining(`label ${named}`));
    expect(result).toHaveProperty("message", expect.stringContaining("app=payments,version=v1"));
  });
});

test("what a node claims cannot forge or flood a log", () => {
  const claim = { namespace: `a\n[31m${"b".repeat(5000)}`, serviceAccount: "payments", labels: {} };
  const result = authorizeNode(PROOF, claim);
  expect(JSON.stringify(result)).not.toMatch(/\\n|\\u001b/);
  expect(JSON.stringify(result).length).toBeLessThan(500);
});
