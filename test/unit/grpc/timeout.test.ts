import { expect, test } from "vitest";
import { timeoutMs } from "../../../src/grpc/timeout.js";

test.each([
  ["2H", 7_200_000],
  ["3M", 180_000],
  ["5S", 5000],
  ["250m", 250],
  ["1500u", 1.5],
  ["1n", 1e-6],
  ["0S", 0],
])("a caller of %s waits %d ms", (header, ms) => {
  expect(timeoutMs(header)).toBeCloseTo(ms);
});

test.each([undefined, "", "S", "5", "5s", "-5S", "123456789S", "5S ", "99999999H"])(
  "a caller of %j waits as long as it takes",
  (header) => {
    expect(timeoutMs(header)).toBeUndefined();
  },
);
