import { expect, test } from "vitest";
import {
  isSummedUp,
  joinedLatencies,
  quantile,
  type RequestStats,
  readRequestStats,
  statsPath,
  statsSince,
} from "../../../src/console/request-stats.js";

type Bins = Readonly<Record<number, number>>;

const INBOUND = "http.inbound_127.30.0.1_8080;";

interface Port {
  readonly answered: number;
  readonly client?: number;
  readonly server?: number;
  readonly bins?: Bins;
}

/** What an Envoy answers that counts requests on some ports; bins are a tenth of a millisecond wide. */
function answerOf(ports: readonly Port[]): string {
  const named = ports.map((port, at) => ({ ...port, name: `${INBOUND}${at}.downstream_rq` }));
  const counters = named.flatMap(({ name, answered, client = 0, server = 0 }) => [
    { name: `${name}_4xx`, value: client },
    { name: `${name}_5xx`, value: server },
    { name: `${name}_completed`, value: answered },
  ]);
  const details = named.map(({ name, bins = {} }) => ({
    name: `${name}_time`,
    totals: Object.entries(bins).map(([from, count]) => ({
      ...{ lower_bound: Number(from), width: 0.1, count },
    })),
  }));
  const uptime = { name: "server.uptime", value: 865 };
  return JSON.stringify({ stats: [...counters, uptime, { histograms: { details } }] });
}

const statsOf = (...ports: readonly Port[]): RequestStats => {
  const stats = readRequestStats(answerOf(ports));
  if (stats === undefined) throw new Error("it counts requests");
  return stats;
};

test("a sidecar is asked what it took for its application, a gateway what it took from callers", () => {
  const filterOf = (type: string): RegExp =>
    new RegExp(new URLSearchParams(statsPath(type).split("?")[1]).get("filter") ?? "");
  const outbound = "http.outbound_0.0.0.0_8080;.downstream_rq_completed";
  expect(filterOf("sidecar").test(`${INBOUND}.downstream_rq_completed`)).toBe(true);
  expect(filterOf("sidecar").test(outbound)).toBe(false);
  expect(filterOf("router").test(outbound)).toBe(true);
  expect(filterOf("router").test("server.uptime")).toBe(true);
  for (const other of [
    "http.admin.downstream_rq_time",
    "server_uptime",
    `${INBOUND}.downstream_rq_timeout`,
  ]) {
    expect(filterOf("sidecar").test(other)).toBe(false);
  }
});

test("all ports of a proxy are counted together", () => {
  expect(
    statsOf(
      { answered: 10, client: 1, server: 2, bins: { 4: 3, 0: 7 } },
      { answered: 5, server: 1, bins: { 4: 1, 200: 4 } },
    ),
  ).toEqual({
    answered: 15,
    failed: 4,
    latencies: [
      { from: 0, width: 0.1, count: 7 },
      { from: 4, width: 0.1, count: 4 },
      { from: 200, width: 0.1, count: 4 },
    ],
    summedUpAt: 865,
  });
});

test("an Envoy that keeps no such statistics tells nothing", () => {
  expect(readRequestStats('{"stats":[]}')).toBeUndefined();
  expect(readRequestStats('{"stats":[{"histograms":{"details":[]}}]}')).toBeUndefined();
});

test("what counts is what came since", () => {
  const before = statsOf({ answered: 10, client: 1, bins: { 0: 8, 4: 2 } });
  const after = statsOf({ answered: 30, client: 2, server: 4, bins: { 0: 8, 4: 12, 90: 10 } });
  expect(statsSince(before, after)).toMatchObject({
    answered: 20,
    failed: 5,
    latencies: [
      { from: 4, width: 0.1, count: 10 },
      { from: 90, width: 0.1, count: 10 },
    ],
  });
  expect(statsSince(after, after)).toMatchObject({ answered: 0, failed: 0, latencies: [] });
});

test("all counts of an Envoy that began anew", () => {
  const after = statsOf({ answered: 3, server: 1, bins: { 4: 3 } });
  expect(statsSince(statsOf({ answered: 10 }), after)).toBe(after);
});

test("latencies are summed up when there are as many as answers", () => {
  expect(isSummedUp(statsOf({ answered: 10, bins: { 0: 8, 4: 1 } }))).toBe(false);
  expect(isSummedUp(statsOf({ answered: 10, bins: { 0: 8, 4: 2 } }))).toBe(true);
  expect(isSummedUp(statsOf({ answered: 0 }))).toBe(true);
});

test("latencies of several proxies are joined", () => {
  const one = statsOf({ answered: 3, bins: { 4: 3 } });
  const other = statsOf({ answered: 3, bins: { 0: 1, 4: 2 } });
  expect(joinedLatencies([one, other])).toEqual([
    { from: 0, width: 0.1, count: 1 },
    { from: 4, width: 0.1, count: 5 },
  ]);
});

test("a quantile lies where as many requests were as fast, between the ends of their bin", () => {
  const { latencies } = statsOf({ answered: 100, bins: { 1: 50, 20: 40, 300: 10 } });
  expect(quantile(latencies, 0.25)).toBeCloseTo(1.05);
  expect(quantile(latencies, 0.5)).toBeCloseTo(1.1);
  expect(quantile(latencies, 0.9)).toBeCloseTo(20.1);
  expect(quantile(latencies, 0.99)).toBeCloseTo(300.09);
  expect(quantile([], 0.5)).toBeUndefined();
});
