import { expect, test } from "vitest";
import { withinTime } from "../../../src/net/within-time.js";

const untilEnded = (signal: AbortSignal): Promise<string> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => {
      reject(new Error("ended"));
    });
  });

test("what takes longer than it may is ended", async () => {
  const ending = new AbortController();
  await expect(withinTime(20, ending.signal, untilEnded)).rejects.toThrow("ended");
  expect(ending.signal.aborted).toBe(false);
});

test("what is ended before its time is over is so at once", async () => {
  const ending = new AbortController();
  const result = withinTime(60_000, ending.signal, untilEnded);
  ending.abort();
  await expect(result).rejects.toThrow("ended");
  await expect(
    withinTime(60_000, ending.signal, (signal) => Promise.resolve(signal.aborted)),
  ).resolves.toBe(true);
});

test("what is done in time is what comes of it", async () => {
  const { signal } = new AbortController();
  await expect(withinTime(60_000, signal, () => Promise.resolve("done"))).resolves.toBe("done");
});
