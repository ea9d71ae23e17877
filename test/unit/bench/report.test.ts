import { describe, expect, it } from "vitest";
import type { Figures } from "../../../bench/measure/measure-all.js";
import type { PhaseFigures } from "../../../bench/measure/phases.js";
import type { MeshFigures } from "../../../bench/measure/run-mesh.js";
import { quantile } from "../../../bench/measure/statistics.js";
import { parseOptions } from "../../../bench/options.js";
import { isComplete, report } from "../../../bench/report/report.js";
import { portIn } from "../../../bench/subject/control-plane.js";
import { cpuOfSchedstat, memoryOfStatus } from "../../../bench/subject/usage.js";

const phase = (name: string, cpuMs: number, more: Partial<PhaseFigures> = {}): PhaseFigures => ({
  ...{ name, cpuMs, edits: 1, p50Ms: 12, p99Ms: 34.5, maxMs: 1500, bytes: 1234, responses: 1 },
  ...{ rss: 300, peak: 310, missing: 0 },
  ...more,
});

const mesh = (cpuMs: number, more: Partial<MeshFigures> = {}): MeshFigures => ({
  shape: { services: 100, namespaces: 4, endpoints: 3 },
  ...{ proxies: 50, idleRss: 200, phases: [phase("connect", cpuMs)], floor: [] },
  failure: undefined,
  ...more,
});

const nothing: Figures = {
  machine: { node: "v20", cpus: 2, load: 0.5 },
  ...{ phases: undefined, growth: undefined, crowd: undefined, storm: undefined, start: [] },
  ...{ kinds: undefined, envoys: undefined, commands: undefined },
};

describe("the report", () => {
  it("has a row for each phase, beside its floor", () => {
    const phases = mesh(2400, { floor: [phase("connect", 1600)] });
    expect(report({ ...nothing, phases }).slice(2)).toEqual([
      "100 services in 4 namespaces, 3 endpoints each; 50 proxies",
      "            CPU   floor  ratio    p50    p99     max  to each proxy      RSS     peak",
      "connect  2.40 s  1.60 s  ×1.50  12 ms  35 ms  1.50 s         1.2 KB  300 MiB  310 MiB",
      "memory: 200 MiB before the first proxy, 2.00 MiB for each proxy",
    ]);
  });

  it("says by how much each phase grows", () => {
    const growth = {
      base: mesh(1000),
      services: mesh(1100, { idleRss: 210 }),
      proxies: mesh(2000, { phases: [phase("connect", 2000, { rss: 325 })] }),
    };
    expect(report({ ...nothing, growth }).slice(2)).toEqual(
      [
        "growth of CPU    base  services ×2         proxies ×2       ",
        "connect        1.00 s       1.10 s  ×1.10      2.00 s  ×2.00",
        "memory: 102 KiB for each more service, 0.50 MiB for each more proxy",
      ].map((line) => line.trimEnd()),
    );
  });

  it("says what did not arrive, and that the measurement is not complete", () => {
    const phases = mesh(10, { phases: [phase("connect", 10, { missing: 3 })] });
    expect(report({ ...nothing, phases })).toContain("connect: 3 receipts did not come in time");
    expect(isComplete({ ...nothing, phases })).toBe(false);
    expect(isComplete({ ...nothing, phases: mesh(10) })).toBe(true);
    expect(isComplete({ ...nothing, crowd: mesh(10, { failure: "too many" }) })).toBe(false);
  });
});

describe("the report of other kinds of edits", () => {
  const cost = (cpuMs: number) => ({ cpuMs, responses: 10, bytes: 4300 });
  const kinds = {
    shape: { services: 100, namespaces: 4, endpoints: 3 },
    proxies: 50,
    kinds: [{ name: "Sidecar of a namespace", once: cost(40), twice: cost(60) }],
  };

  it("says what each costs, and by how much that grows", () => {
    expect(report({ ...nothing, kinds }).slice(2)).toEqual([
      "edits of other kinds, 100 services, 50 proxies; responses and bytes to all of them",
      "one edit of               CPU  responses   bytes  services ×2",
      "Sidecar of a namespace  40 ms         10  4.3 KB        60 ms  ×1.50",
    ]);
  });
});

describe("the report of a storm", () => {
  const storm = {
    ...{ settled: 200, newcomers: 200, stormMs: 5000, edits: 8 },
    ...{ p50Ms: 50, p99Ms: 150, maxMs: 180, missing: 0 },
  };

  it("says how fresh the others were kept", () => {
    expect(report({ ...nothing, storm }).slice(2)).toEqual([
      "200 proxies connect beside 200 within 5.00 s, while 8 endpoints move:",
      "those that were connected know after 50 ms (p50), 150 ms (p99), 180 ms at most",
    ]);
    expect(isComplete({ ...nothing, storm: { ...storm, missing: 1 } })).toBe(false);
  });
});

describe("the report of commands", () => {
  const figures = { ...{ ms: 180, cpuMs: 150, serverCpuMs: 12.5, bytes: 16_675 }, failed: false };
  const commands = {
    ...{ shape: { services: 100, namespaces: 4, endpoints: 3 }, proxies: 50 },
    node: { ...figures, command: "node -e 0", ms: 70, cpuMs: 40, serverCpuMs: 0, bytes: 0 },
    commands: [{ ...figures, command: "proxy-status" }],
  };

  it("has a row for each, below that of Node alone", () => {
    expect(report({ ...nothing, commands }).slice(2)).toEqual([
      "commands, 100 services, 50 proxies; medians",
      "              by the clock     CPU  of the control plane  printed",
      "node -e 0            70 ms   40 ms                0.0 ms      0 B",
      "proxy-status        180 ms  150 ms                 13 ms  16.7 KB",
    ]);
    expect(isComplete({ ...nothing, commands })).toBe(true);
  });

  it("names those that failed", () => {
    const failing = { ...commands, commands: [{ ...figures, command: "wait", failed: true }] };
    expect(report({ ...nothing, commands: failing })).toContain("failed: wait");
    expect(isComplete({ ...nothing, commands: failing })).toBe(false);
  });
});

describe("the report of real Envoys", () => {
  const way = {
    ...{ way: "on demand", readyMs: 456, readyCpuMs: 112, failed: 0, failures: [] },
    ready: { bytes: 4100, rss: 66 },
    first: { p50Ms: 25, p99Ms: 45 },
    later: { p50Ms: 0.7, p99Ms: 7.4 },
    called: { bytes: 107_500, rss: 74 },
  };
  const envoys = { shape: { services: 100, namespaces: 4, endpoints: 3 }, called: 50, ways: [way] };

  it("has a row for each way", () => {
    expect(report({ ...nothing, envoys }).slice(2)).toEqual([
      "a real Envoy, 100 services: when it is ready → when it has called 50 of them",
      "            ready     CPU              bytes              RSS  first p50    p99  later p50     p99",
      "on demand  456 ms  112 ms  4.1 KB → 107.5 KB  66 MiB → 74 MiB      25 ms  45 ms     0.7 ms  7.4 ms",
    ]);
    expect(isComplete({ ...nothing, envoys })).toBe(true);
  });

  it("says what was not answered, and that the measurement is not complete", () => {
    const worse = {
      ...envoys,
      ways: [{ ...way, failed: 2, failures: ["503 no healthy upstream"] }],
    };
    expect(report({ ...nothing, envoys: worse })).toContain(
      "on demand: 2 calls failed: 503 no healthy upstream",
    );
    expect(isComplete({ ...nothing, envoys: worse })).toBe(false);
  });
});

describe("a quantile", () => {
  it("is the value below which a share of the values is", () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([0, 0.5, 0.99, 1].map((share) => quantile(values, share))).toEqual([1, 51, 100, 100]);
    expect(quantile([], 0.5)).toBeUndefined();
  });
});

describe("what the kernel tells of a process", () => {
  it("is read in milliseconds and mebibytes", () => {
    expect(cpuOfSchedstat("1500000 20 3\n")).toBe(1.5);
    const status = "Name:\tnode\nVmHWM:\t  409600 kB\nVmRSS:\t  204800 kB\n";
    expect(memoryOfStatus(status)).toEqual({ rss: 200, peak: 400 });
  });

  it("comes with the port that its log tells", () => {
    expect(portIn('{"level":30,"plaintextPort":4711,"msg":"serving"}')).toBe(4711);
    expect(portIn("plain words")).toBeUndefined();
  });
});

describe("the options", () => {
  it("have all parts and sizes as they are given", () => {
    const options = parseOptions(["--only", "start,phases", "--start", "10,20", "--proxies", "5"]);
    expect(options).toMatchObject({ only: ["phases", "start"], start: [10, 20], proxies: 5 });
  });
});
