import pc from "picocolors";
import { expect, test } from "vitest";
import { formatLogLine } from "../../../../src/cli/long-running/log-line.js";

const PLAIN = pc.createColors(false);

test("a line of the log is its time, level and message, then its fields", () => {
  const line = JSON.stringify({
    level: 40,
    time: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    pid: 1,
    hostname: "h",
    proxy: "a-0.default",
    reason: "two words",
    err: { type: "Error", message: "no", stack: "..." },
    port: 15010,
    nothing: null,
    msg: "proxy disconnected",
  });
  expect(formatLogLine(`${line}\n`, PLAIN)).toBe(
    `03:04:05.678 warn  proxy disconnected proxy=a-0.default reason="two words" err="no" port=15010 nothing=null\n`,
  );
});

test("what is no line of the log stays as it is", () => {
  expect(formatLogLine("null\n", PLAIN)).toBe("null\n");
  expect(formatLogLine("Segmentation fault\n", PLAIN)).toBe("Segmentation fault\n");
});

test("a line of the log stays one, and does nothing to the terminal, whatever names are in it", () => {
  const line = JSON.stringify({
    level: 30,
    time: 0,
    msg: "a\nb",
    file: "\u001b[2J",
    "\u0007": "\u009b",
  });
  expect(formatLogLine(`${line}\n`, PLAIN)).toBe(
    "00:00:00.000 info  a\\nb file=\\x1b[2J \\x07=\\x9b\n",
  );
});
