import { describe, expect, it } from "vitest";
import { createLimitedLog } from "../../../../src/app/log/limited-log.js";

describe("a limited log", () => {
  const open = () => {
    const lines: unknown[] = [];
    let now = 0;
    const log = createLimitedLog({
      now: () => now,
      write: (fields) => lines.push(fields),
      capacity: 2,
      refillPerSecond: 1,
    });
    return {
      lines,
      log,
      pass: (ms: number) => {
        now += ms;
      },
    };
  };

  it("writes no more lines of a key than it may, and those of another", () => {
    const { lines, log } = open();
    for (let call = 0; call < 1000; call += 1) log("signature", { reason: "signature", call });
    log("expired", { reason: "expired" });
    expect(lines).toEqual([
      { reason: "signature", call: 0 },
      { reason: "signature", call: 1 },
      { reason: "expired" },
    ]);
  });

  it("says with the next line how many it left out, once", () => {
    const { lines, log, pass } = open();
    for (let call = 0; call < 10; call += 1) log("signature", { call });
    pass(2000);
    log("signature", { call: 10 });
    log("signature", { call: 11 });
    expect(lines.slice(2)).toEqual([{ call: 10, omitted: 8 }, { call: 11 }]);
  });
});
