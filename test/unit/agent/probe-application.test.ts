/** When an agent asks its application by a command, and when it takes the answers for another health. */
import { expect, test } from "vitest";
import {
  type AskedCommand,
  type ProbedHealth,
  probeApplication,
} from "../../../src/agent/probe-application.js";
import type { CommandOutcome } from "../../../src/agent/run-command.js";

const PROBE: AskedCommand = {
  command: ["/bin/check", "a b"],
  ...{ delaySeconds: 0, timeoutSeconds: 3, periodSeconds: 10 },
  ...{ successThreshold: 1, failureThreshold: 1 },
};

const OUTCOMES: Readonly<Record<string, CommandOutcome>> = {
  y: { kind: "passed" },
  n: { kind: "failed", reason: "it ended with 1" },
  l: { kind: "late", reason: "it did not end within 3 s" },
};

/** Asks until each of these answers was given, each of which takes a while; the clock goes on by what is waited for. */
async function ask(answers: string, probe: Partial<AskedCommand> = {}, tookMs = 0) {
  let now = 0;
  const stop = new AbortController();
  const asked: number[] = [];
  const health: [at: number, ProbedHealth["status"]][] = [];
  const terms: unknown[] = [];
  await probeApplication({
    probe: { ...PROBE, ...probe },
    run: (command, { timeoutMs }) => {
      const outcome = OUTCOMES[answers[asked.length] ?? "y"];
      if (asked.length === answers.length) stop.abort();
      else asked.push(now);
      terms.push([command, timeoutMs]);
      now += tookMs;
      return Promise.resolve(outcome ?? { kind: "passed" });
    },
    clock: {
      now: () => now,
      wait: (ms) => {
        now += ms;
        return Promise.resolve();
      },
    },
    signal: stop.signal,
    onHealth: ({ status }) => health.push([now, status]),
  });
  return { asked, health, terms };
}

test("the application is asked at once, and then in its period from one start to the next", async () => {
  const { asked, terms } = await ask("yyy", {}, 2000);
  expect(asked).toEqual([0, 10_000, 20_000]);
  expect(terms[0]).toEqual([["/bin/check", "a b"], 3000]);
});

test("who says that it has all the time that there is, is given as much as there can be", async () => {
  const ever = {
    delaySeconds: 2 ** 31 - 1,
    timeoutSeconds: 2 ** 31 - 1,
    periodSeconds: 2 ** 31 - 1,
  };
  const { asked, terms } = await ask("yy", ever);
  const most = 2 ** 31 - 1;
  expect(asked).toEqual([most, 2 * most]);
  expect(terms[0]).toEqual([["/bin/check", "a b"], most]);
});

test("an answer that takes longer than the period is waited for", async () => {
  expect((await ask("yyy", { periodSeconds: 1 }, 2500)).asked).toEqual([0, 2500, 5000]);
});

test("the first question waits as long as the probe says", async () => {
  expect((await ask("y", { delaySeconds: 7 })).asked).toEqual([7000]);
});

test("another health is told once", async () => {
  expect((await ask("yynnly")).health).toEqual([
    [0, "healthy"],
    [20_000, "unhealthy"],
    [50_000, "healthy"],
  ]);
});

test("so many answers one after the other are needed as the thresholds say", async () => {
  const { health } = await ask("yynynnnyy", { successThreshold: 2, failureThreshold: 3 });
  expect(health).toEqual([
    [10_000, "healthy"],
    [60_000, "unhealthy"],
    [80_000, "healthy"],
  ]);
});

test("an application that never was healthy is told to be not healthy, and late when it does not answer", async () => {
  expect((await ask("nn", { failureThreshold: 2 })).health).toEqual([[10_000, "unhealthy"]]);
  expect((await ask("l")).health).toEqual([[0, "late"]]);
});

test("what comes after the end is told to nobody", async () => {
  expect((await ask("")).health).toEqual([]);
});
