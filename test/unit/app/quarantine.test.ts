import { expect, test } from "vitest";
import { createQuarantine } from "../../../src/app/quarantine.js";
import { fakeTimers } from "../ca/fake-timers.js";
import { createDirectory } from "../config/directory.js";

test("the longer it takes to look at what is refused, the more rarely that is done", async () => {
  const clock = fakeTimers(0);
  let spent = 0;
  const { observer } = createQuarantine({
    streams: () => {
      spent = 200;
      return [];
    },
    wanted: () => undefined,
    snapshot: () => createDirectory().write({}),
    onChange: () => undefined,
    onCounts: () => undefined,
    timers: { ...clock, now: () => clock.now() + spent },
  });
  const name = { stream: "s", session: "a", protocol: "delta" } as const;
  const refuse = (): void => {
    observer.nacked({ ...name, typeUrl: "t", nonce: "1", ms: 1, error: "no", names: [] });
  };
  refuse();
  expect(clock.due()).toEqual([100]);
  await clock.turnTo(100);
  refuse();
  expect(clock.due()).toEqual([100 + 200 + 2000]);
});
