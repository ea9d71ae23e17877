/** Counting by an Envoy that sums up latencies when the test says so. */
import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import {
  beginCounting,
  type CountedProxy,
} from "../../../../../src/cli/commands/metrics/request-counting.js";

interface Counts {
  readonly answered: number;
  /** Of how many of them the latencies, of 5 ms each, are summed up. */
  readonly summed: number;
  readonly uptime: number;
}

interface Envoy {
  readonly proxy: CountedProxy;
  /** What it tells from then on. */
  readonly tell: (counts: Counts) => void;
  /** Resolves when it was asked so many times. */
  readonly asked: (times: number) => Promise<unknown>;
}

const NAME = "http.inbound_0.0.0.0_8080;.downstream_rq";

const answerOf = ({ answered, summed, uptime }: Counts): string =>
  JSON.stringify({
    stats: [
      { name: `${NAME}_completed`, value: answered },
      { name: "server.uptime", value: uptime },
      {
        histograms: {
          details: [
            { name: `${NAME}_time`, totals: [{ lower_bound: 5, width: 0.1, count: summed }] },
          ],
        },
      },
    ],
  });

async function startEnvoy(counts: Counts): Promise<Envoy> {
  let answer = answerOf(counts);
  let times = 0;
  const asked = new EventEmitter();
  const server = createServer((_request, response) => {
    response.end(answer);
    times += 1;
    asked.emit(String(times));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    proxy: { id: "payments-0.default", type: "sidecar", admin: { host: "127.0.0.1", port } },
    tell: (next) => {
      answer = answerOf(next);
    },
    asked: (wanted) => (times < wanted ? once(asked, String(wanted)) : Promise.resolve()),
  };
}

const { signal } = new AbortController();

test("what was answered before is not counted, also where its latencies are summed up late", async () => {
  const envoy = await startEnvoy({ answered: 10, summed: 7, uptime: 5 });
  const beginning = beginCounting(envoy.proxy, signal);
  await envoy.asked(2);
  envoy.tell({ answered: 10, summed: 10, uptime: 10 });
  const end = await beginning;
  envoy.tell({ answered: 14, summed: 14, uptime: 15 });
  const counted = await end();
  expect(counted?.stats).toMatchObject({ answered: 4, latencies: [{ from: 5, count: 4 }] });
});

test("the latencies of what was counted are waited for, and no longer than they are summed up once", async () => {
  const envoy = await startEnvoy({ answered: 0, summed: 0, uptime: 5 });
  const end = await beginCounting(envoy.proxy, signal);
  envoy.tell({ answered: 6, summed: 0, uptime: 5 });
  const ending = end();
  await envoy.asked(4);
  // One of them is a stream that goes on, and others came meanwhile.
  envoy.tell({ answered: 9, summed: 5, uptime: 10 });
  const counted = await ending;
  expect(counted?.stats).toMatchObject({ answered: 6, latencies: [{ from: 5, count: 5 }] });
});

test("who has enough ends it", async () => {
  const envoy = await startEnvoy({ answered: 1, summed: 0, uptime: 5 });
  const controller = new AbortController();
  const beginning = beginCounting(envoy.proxy, controller.signal);
  await envoy.asked(2);
  controller.abort();
  await expect(beginning).rejects.toThrow("aborted");
});

test("many proxies are counted at once without a warning", async () => {
  const warnings: Error[] = [];
  const warn = (warning: Error): unknown => warnings.push(warning);
  process.on("warning", warn);
  onTestFinished(() => {
    process.off("warning", warn);
  });
  const envoy = await startEnvoy({ answered: 1, summed: 0, uptime: 5 });
  const all = Array.from({ length: 30 }, () => beginCounting(envoy.proxy, signal));
  await envoy.asked(60);
  envoy.tell({ answered: 1, summed: 1, uptime: 10 });
  await Promise.all(all);
  expect(warnings).toEqual([]);
});
