import { pino } from "pino";
import { expect, test } from "vitest";
import { createScopedLoggers, type ScopedLoggers } from "../../../../src/app/log/scoped-loggers.js";

interface Opened extends ScopedLoggers {
  /** `LEVEL MESSAGE` of each line so far, with its scope if it has one. */
  readonly lines: () => readonly string[];
}

function open(level = "info"): Opened {
  const written: string[] = [];
  const labelled = { level, formatters: { level: (label: string) => ({ level: label }) } };
  const logger = pino(labelled, { write: (line: string) => written.push(line) });
  return {
    ...createScopedLoggers(logger),
    lines: () =>
      written.map((line) => {
        const { level: label, msg, scope } = JSON.parse(line) as Record<string, string>;
        return [label, msg, ...(scope === undefined ? [] : [`of ${scope}`])].join(" ");
      }),
  };
}

const levels = ({ scopes }: ScopedLoggers): Readonly<Record<string, string>> =>
  Object.fromEntries(scopes.list().map(({ name, level }) => [name, level]));

test("every scope begins with the level of the log, and its lines say whose they are", () => {
  const opened = open("warn");
  expect(levels(opened)).toEqual({
    ...{ ads: "warn", ca: "warn", config: "warn", debug: "warn", default: "warn" },
  });
  opened.loggers.ads.warn("a proxy");
  opened.loggers.ads.info("nothing");
  opened.loggers.default.warn("all else");
  expect(opened.lines()).toEqual(["warn a proxy of ads", "warn all else"]);
});

test("a scope has a level of its own, and the others keep theirs", () => {
  const opened = open();
  opened.scopes.set(
    new Map([
      ["ads", "debug"],
      ["default", "none"],
    ]),
  );
  expect(levels(opened)).toEqual({
    ...{ ads: "debug", ca: "info", config: "info", debug: "info", default: "none" },
  });
  opened.loggers.ads.debug("sent");
  opened.loggers.ca.debug("nothing");
  opened.loggers.default.error("nothing");
  expect(opened.lines().slice(1)).toEqual(["debug sent of ads"]);
});

test("who has nothing logged any more is the last that is logged, and who has it logged again the first", () => {
  const opened = open();
  const all = (level: "none" | "info") =>
    new Map(opened.scopes.list().map(({ name }) => [name, level] as const));
  opened.scopes.set(all("none"));
  opened.loggers.debug.error("nothing");
  expect(opened.lines()).toEqual(["info levels of the log change of debug"]);
  opened.scopes.set(all("info"));
  opened.loggers.debug.error("something");
  expect(opened.lines().slice(1)).toEqual([
    "info levels of the log change of debug",
    "error something of debug",
  ]);
});

test("what is as it should be already is no change", () => {
  const opened = open();
  opened.scopes.set(new Map([["ads", "info"]]));
  expect(opened.lines()).toEqual([]);
});

test("each scope remembers what it began with", () => {
  const { scopes } = open("silent");
  scopes.set(new Map([["ca", "trace"]]));
  expect(scopes.list().filter(({ initial }) => initial !== "none")).toEqual([]);
});
