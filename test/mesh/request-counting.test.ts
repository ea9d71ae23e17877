/** `fairlead x metrics`: what real Envoys count of requests. */
import { EventEmitter, once } from "node:events";
import { join } from "node:path";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { runCommandLine } from "../../src/cli/command-line.js";
import type { MetricsValue } from "../../src/console/metrics-table.js";
import { type Outcome, run } from "../unit/cli/run.js";
import { application, EAGER_STATISTICS } from "./harness/manifests.js";
import { call } from "./harness/requests.js";
import { shareMesh } from "./harness/test-mesh.js";

const PICKY = { "sidecar.istio.io/statsInclusionPrefixes": "cluster.outbound" };

const mesh = shareMesh({
  "payments.yaml": application("payments", { versions: ["v1", "v2"] }),
  "my-service.yaml": application("my-service"),
  "statistics.yaml": EAGER_STATISTICS,
  "picky.yaml": application("picky", { annotations: PICKY }),
});

/** Runs a command, and something else as soon as it says that it counts. */
async function whileCounting(words: readonly string[], act: () => Promise<void>): Promise<Outcome> {
  let stdout = "";
  let stderr = "";
  const said = new EventEmitter();
  const counting = once(said, "said");
  const ended = runCommandLine(words, {
    environment: {},
    installation: join(import.meta.dirname, "../.."),
    stdin: Readable.from([]),
    stdout: { write: (text) => (stdout += text), isTerminal: false },
    stderr: {
      write: (text) => {
        stderr += text;
        said.emit("said");
      },
      isTerminal: false,
    },
    stop: new AbortController().signal,
  });
  await counting;
  await act();
  return { code: await ended, stdout, stderr };
}

test("metrics counts what the Envoys of workloads answer, what fails, and how long it takes", async () => {
  const caller = mesh().pod("my-service-0");
  const load = async (): Promise<void> => {
    for (const path of ["", "delay/300ms", "status/404", "status/500"]) {
      await Promise.all(Array.from({ length: 5 }, () => call(caller, `http://payments/${path}`)));
    }
  };
  // What was before does not count.
  await call(caller, "http://payments/delay/2s");
  const words = ["x", "metrics", "svc/payments", "my-service", "-d", "3s", "--state", mesh().state];
  const { code, stdout } = await whileCounting([...words, "-o", "json"], load);
  expect(code).toBe(0);
  const metrics = JSON.parse(stdout) as readonly MetricsValue[];
  const unknown = { p50: null, p90: null, p99: null };
  expect(metrics).toMatchObject([
    { workload: "svc/payments", proxies: 2, requests: 20, errors: 10 },
    { workload: "my-service", proxies: 1, requests: 0, totalRps: 0, latenciesMs: unknown },
  ]);
  const [{ requests, totalRps, latenciesMs }] = metrics as [MetricsValue];
  expect(latenciesMs.p99).toBeGreaterThan(290);
  expect(latenciesMs.p99).toBeLessThan(2000);
  expect(latenciesMs.p50).toBeLessThan(290);
  // It counted for longer than that where others had latencies to sum up first.
  const seconds = Number(requests) / Number(totalRps);
  expect(seconds).toBeGreaterThan(2.9);
  expect(seconds).toBeLessThan(14);
});

test("an Envoy that keeps no statistics of requests is named, and nothing is said of its workload", async () => {
  const words = ["metrics", "picky", "my-service", "-d", "1ms", "--state", mesh().state];
  const { code, stdout, stderr } = await run(["x", ...words]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/\n +picky +- +- +- +- +-\n +my-service +0\.000 +0\.000 +- +- +-\n$/);
  expect(stderr).toMatch(
    /^counting for 0\.001 s\nnote: picky-0\.default has no statistics of HTTP /,
  );
});
