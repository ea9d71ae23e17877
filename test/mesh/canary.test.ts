/** A canary release: the shop's payments, whose v1 has five replicas and 99 % of the traffic, and v2 one and the rest. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { failures, type Load, type Outcome, startLoad } from "./harness/load.js";
import { application } from "./harness/manifests.js";
import { call, keepAliveAgent } from "./harness/requests.js";
import { shareMesh } from "./harness/test-mesh.js";

const PAYMENTS = await readFile(
  fileURLToPath(new URL("../../examples/shop/payments.yaml", import.meta.url)),
  "utf8",
);
const SECOND = 1000;
const CALLERS = 16;

const mesh = shareMesh({ "payments.yaml": PAYMENTS, "caller.yaml": application("caller") });

/** Calls payments again and again, from one pod by way of its sidecar. */
function loadPayments(): Load {
  const caller = mesh().pod("caller-0");
  const agent = keepAliveAgent();
  return startLoad(CALLERS, () => call(caller, "http://payments/", { agent }));
}

/** How many of the requests each pod answered, sorted by its name. */
function answersOf(outcomes: readonly Outcome[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { answer } of outcomes) {
    const pod = String(answer?.headers["x-echo-pod"]);
    counts.set(pod, (counts.get(pod) ?? 0) + 1);
  }
  return new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** By how many standard deviations v2's part of the requests differs from that share of them. */
function deviation(outcomes: readonly Outcome[], share: number): number {
  const count = answersOf(outcomes).get("payments-v2-0") ?? 0;
  const expected = outcomes.length * share;
  return Math.abs(count - expected) / Math.sqrt(expected * (1 - share));
}

async function setWeights(v1: number, v2: number): Promise<void> {
  const weights = [v1, v2];
  await mesh().write(
    "payments.yaml",
    PAYMENTS.replaceAll(/weight: \d+/g, () => `weight: ${String(weights.shift())}`),
  );
}

test("gives a version its share of 20,000 requests, and each replica some", async () => {
  const load = loadPayments();
  await load.more(20_000);
  const outcomes = await load.stop();
  expect(failures(outcomes)).toEqual([]);
  expect(deviation(outcomes, 0.01)).toBeLessThan(4);
  expect([...answersOf(outcomes).keys()]).toEqual([
    "payments-v1-0",
    "payments-v1-1",
    "payments-v1-2",
    "payments-v1-3",
    "payments-v1-4",
    "payments-v2-0",
  ]);
});

test("has edited weights in force within a second, and fails no request under way", async () => {
  const load = loadPayments();
  await load.more(500);
  const evenlyAt = performance.now();
  await setWeights(50, 50);
  const evenly = await load.since(evenlyAt + SECOND, 2000);
  const allAt = performance.now();
  await setWeights(0, 100);
  const all = await load.since(allAt + SECOND, 1000);
  const outcomes = await load.stop();
  expect(failures(outcomes)).toEqual([]);
  expect(deviation(evenly, 0.5)).toBeLessThan(4);
  expect([...answersOf(all).keys()]).toEqual(["payments-v2-0"]);
});
