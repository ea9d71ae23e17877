import { expect, test } from "vitest";
import { metricsTable, metricsValue } from "../../../src/console/metrics-table.js";

const bin = (from: number, count: number) => ({ from, width: 0, count });

const counted = (
  seconds: number,
  [answered, failed]: readonly [number, number],
  ...latencies: readonly ReturnType<typeof bin>[]
) => ({ seconds, stats: { answered, failed, latencies, summedUpAt: undefined } });

const BUSY = {
  workload: "payments-v1.default",
  proxies: 2,
  counted: [
    counted(10.0004, [400, 40], bin(0, 50), bin(25, 30)),
    counted(12, [30, 3], bin(25, 10), bin(1250, 10)),
  ],
};
const IDLE = { workload: "orders", proxies: 1, counted: [counted(10, [0, 0])] };
const UNKNOWN = { workload: "ledger", proxies: 1, counted: undefined };

test("rates and latencies stand in istioctl's columns, at their right ends", () => {
  expect(`\n${metricsTable([BUSY, IDLE, UNKNOWN]).join("\n")}\n`).toBe(`
                                WORKLOAD    TOTAL RPS    ERROR RPS  P50 LATENCY  P90 LATENCY  P99 LATENCY
                     payments-v1.default       42.498        4.250           0s         25ms        1.25s
                                  orders        0.000        0.000            -            -            -
                                  ledger            -            -            -            -            -
`);
});

test("programs are told how much was counted, and null of what is not known", () => {
  expect(metricsValue(BUSY)).toEqual({
    ...{ workload: "payments-v1.default", proxies: 2, requests: 430, errors: 43 },
    ...{ totalRps: 42.498, errorRps: 4.25, latenciesMs: { p50: 0, p90: 25, p99: 1250 } },
  });
  expect(metricsValue(IDLE)).toMatchObject({
    requests: 0,
    totalRps: 0,
    latenciesMs: { p50: null },
  });
  expect(metricsValue(UNKNOWN)).toMatchObject({ requests: null, totalRps: null, errorRps: null });
});
