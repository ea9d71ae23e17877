import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { withController } from "../../../src/base/with-controller.js";

test("work is aborted with the signal, also with one that was aborted before", async () => {
  const outer = new AbortController();
  const isAborted = await withController(outer.signal, (own) => {
    outer.abort();
    return Promise.resolve(own.signal.aborted);
  });
  expect(isAborted).toBe(true);
  expect(await withController(outer.signal, ({ signal }) => Promise.resolve(signal.aborted))).toBe(
    true,
  );
});

test("the signal keeps nothing of work that is over, however it ended", async () => {
  const { signal } = new AbortController();
  const given = await withController(signal, (own) => {
    own.abort();
    return Promise.resolve(signal.aborted);
  });
  expect(given).toBe(false);
  const failing = withController(signal, () => Promise.reject(new Error("no")));
  await expect(failing).rejects.toThrow("no");
  expect(getEventListeners(signal, "abort")).toEqual([]);
});
