import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { durationMs } from "../../../src/config/duration.js";

describe("durationMs", () => {
  it.each([
    ["0", 0],
    ["0s", 0],
    ["5s", 5000],
    ["100ms", 100],
    ["1.5h", 5_400_000],
    ["1h30m", 5_400_000],
    [".5s", 500],
    ["1.s", 1000],
    ["-10ms", -10],
    ["+1m", 60_000],
    ["1us", 0.001],
    ["1µs", 0.001],
    ["2562047h", 9_223_369_200_000],
  ])("reads %s as %d", (text, ms) => {
    expect(durationMs(text)).toBeCloseTo(ms, 9);
  });

  it.each(["", "5", "s", "5 s", "5S", "1d", "1h 30m", "1,5s", "--1s", "1e3s", "."])(
    "does not read %j",
    (text) => {
      expect(durationMs(text)).toBeUndefined();
    },
  );

  it.each(["2562048h", "-2562048h", "2562047h47m16s", `${"9".repeat(400)}s`])(
    "does not read %j, which is longer than Go and Envoy count",
    (text) => {
      expect(durationMs(text)).toBeUndefined();
    },
  );

  it("adds up its parts", () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(59), fc.nat(59), (hours, minutes, seconds) => {
        const text = `${hours}h${minutes}m${seconds}s`;
        expect(durationMs(text)).toBe(((hours * 60 + minutes) * 60 + seconds) * 1000);
      }),
    );
  });
});
