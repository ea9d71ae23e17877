import { pino } from "pino";
import { expect, test } from "vitest";
import { logObserver } from "../../../../src/app/log/log-observer.js";

function openLog(): {
  readonly lines: () => readonly Record<string, unknown>[];
  readonly observer: ReturnType<typeof logObserver>;
} {
  const written: string[] = [];
  const logger = pino({}, { write: (line: string) => written.push(line) });
  return {
    lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>),
    observer: logObserver(logger, () => 0),
  };
}

const NAME = { stream: "s", session: "payments-1.default", protocol: "delta" } as const;

test("a proxy that refuses a thousand resources with many words gets a short line", () => {
  const { lines, observer } = openLog();
  const names = Array.from({ length: 1000 }, (_, index) => `outbound|80||svc-${index}.default`);
  const error = "x".repeat(100_000);
  observer.nacked?.({ ...NAME, typeUrl: "t", nonce: "1", ms: 1, error, names });
  const [line] = lines();
  expect(line).toMatchObject({ msg: "proxy refused resources", more: 980 });
  expect(line?.["names"]).toEqual(names.slice(0, 20));
  expect(line?.["error"]).toBe("x".repeat(1000));
});

test("proxies that come, refuse and go at speed do not fill the log", () => {
  const { lines, observer } = openLog();
  for (let index = 0; index < 5000; index += 1) {
    observer.opened?.(NAME);
    const refused = { ...NAME, typeUrl: "t", nonce: "1", ms: 1, error: "no", names: ["L"] };
    observer.nacked?.(refused);
    observer.closed?.({ ...NAME, code: undefined, reason: "the client ended the stream" });
  }
  const messages = lines().map(({ msg }) => msg);
  const events = ["proxy connected", "proxy refused resources", "proxy disconnected"];
  const counts = events.map((event) => messages.filter((msg) => msg === event).length);
  expect(counts).toEqual([1000, 1000, 1000]);
});
