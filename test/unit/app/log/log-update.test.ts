import { pino } from "pino";
import { expect, test } from "vitest";
import { logUpdate } from "../../../../src/app/log/log-update.js";

const change = (name: string) => ({
  ref: { kind: "Service", namespace: "default", name },
  action: "added" as const,
});

function linesOf(level: string, count: number): readonly Record<string, unknown>[] {
  const written: string[] = [];
  const logger = pino({ level }, { write: (line: string) => written.push(line) });
  const changed = Array.from({ length: count }, (_, at) => change(`s${at}`));
  logUpdate(logger, { changed, newDiagnostics: [], clearedDiagnostics: [] });
  return written.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("an edit is told by what it did to which resource, the first of many", () => {
  expect(linesOf("debug", 1)).toMatchObject([
    { msg: "the configuration changed", changed: ["added Service s0.default"], problems: 0 },
  ]);
  const [line] = linesOf("debug", 1000);
  expect(line).toMatchObject({ more: 980 });
  expect(line?.["changed"]).toHaveLength(20);
});

test("who does not look closely is told nothing", () => {
  expect(linesOf("info", 1)).toEqual([]);
});
