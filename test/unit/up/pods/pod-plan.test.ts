import { expect, test } from "vitest";
import { type PlacedPod, planPods, type RunningPod } from "../../../../src/up/pods/pod-plan.js";
import { podId } from "../../../../src/up/pods/pods.js";
import { placed } from "../fixtures.js";

const [FIRST, SECOND, THIRD] = [0, 1, 2].map((i) => placed({ name: `payments-v1-${i}` }, i)) as [
  PlacedPod,
  PlacedPod,
  PlacedPod,
];
const NEW_FORM = { labels: { app: "payments", version: "v2" } };

const running = (...pods: readonly (Partial<RunningPod> & Pick<RunningPod, "pod">)[]) =>
  new Map(pods.map((one) => [podId(one.pod), { ready: true, leaving: false, ...one }]));

test("starts what is missing and ends what nobody wants", () => {
  expect(planPods(running({ pod: FIRST }, { pod: THIRD }), [FIRST, SECOND])).toEqual({
    start: [SECOND],
    end: ["payments-v1-2.default"],
  });
});

test("does nothing when all is as wanted", () => {
  expect(planPods(running({ pod: FIRST }), [FIRST])).toEqual({ start: [], end: [] });
});

test("does not end again what is leaving, nor start it before it is gone", () => {
  expect(planPods(running({ pod: FIRST, leaving: true }), [])).toEqual({ start: [], end: [] });
  expect(planPods(running({ pod: FIRST, leaving: true }), [FIRST])).toEqual({ start: [], end: [] });
});

test("replaces the ready pods of a workload one at a time", () => {
  const wanted = [FIRST, SECOND].map((pod) => ({ ...pod, ...NEW_FORM }));
  expect(planPods(running({ pod: FIRST }, { pod: SECOND }), wanted).end).toEqual([podId(FIRST)]);
});

test("replaces a pod when EnvoyFilters change its bootstrap otherwise, wherever they are", () => {
  const source = { kind: "EnvoyFilter", namespace: "default", name: "a" };
  const patched = (index: number, seconds: number): PlacedPod => ({
    ...FIRST,
    bootstrapPatches: [
      {
        ...{ source, index, path: ["spec", "configPatches", index], applyTo: "BOOTSTRAP" },
        patch: { operation: "MERGE", value: { stats_flush_interval: `${seconds}s` } },
      },
    ],
  });
  const plan = (now: PlacedPod, next: PlacedPod) => planPods(running({ pod: now }), [next]).end;
  expect(plan(FIRST, patched(0, 1))).toEqual([podId(FIRST)]);
  expect(plan(patched(0, 1), patched(0, 2))).toEqual([podId(FIRST)]);
  expect(plan(patched(0, 1), patched(3, 1))).toEqual([]);
});

test("waits with the next one until the last one is ready again", () => {
  const wanted = [FIRST, SECOND].map((pod) => ({ ...pod, ...NEW_FORM }));
  const halfway = running({ pod: { ...FIRST, ...NEW_FORM }, ready: false }, { pod: SECOND });
  expect(planPods(halfway, wanted).end).toEqual([]);
  const further = running({ pod: { ...FIRST, ...NEW_FORM } }, { pod: SECOND });
  expect(planPods(further, wanted).end).toEqual([podId(SECOND)]);
});

test("replaces at once what is not ready anyway", () => {
  const wanted = [FIRST, SECOND].map((pod) => ({ ...pod, ...NEW_FORM }));
  const plan = planPods(running({ pod: FIRST, ready: false }, { pod: SECOND }), wanted);
  expect(plan.end).toEqual([podId(FIRST)]);
});

test.each<[string, Partial<PlacedPod>]>([
  ["service account", { serviceAccount: "pay" }],
  ["labels", NEW_FORM],
  ["node metadata", { nodeMetadata: { ON_DEMAND_DISCOVERY: "true" } }],
  ["number of worker threads", { concurrency: 2 }],
  ["statistics", { statistics: { statsd: { address: "192.0.2.1", port: 8125 } } }],
  ["metrics, which it makes from now on", { makesMetrics: true }],
  ["sidecar", { proxy: "none" }],
  ["addresses", { addresses: THIRD.addresses }],
])("replaces a pod for a change of its %s", (_, change) => {
  expect(planPods(running({ pod: FIRST }), [{ ...FIRST, ...change }]).end).toEqual([podId(FIRST)]);
});

test("leaves a pod running that makes no metrics any more", () => {
  const counting = running({ pod: { ...FIRST, makesMetrics: true } });
  expect(planPods(counting, [FIRST]).end).toEqual([]);
});

test.each<[string, Partial<PlacedPod>]>([
  ["the ports of its application", { appPorts: [8081] }],
  ["its containers", { containers: [{ name: "new" }] }],
  ["the order of its labels", { labels: { version: "v1", app: "payments" } }],
])("leaves a pod running for a change of %s", (_, change) => {
  expect(planPods(running({ pod: FIRST }), [{ ...FIRST, ...change }]).end).toEqual([]);
});
