import { expect, test } from "vitest";
import { describeError } from "../../../src/cli/command-error.js";
import { UpError } from "../../../src/up/up-error.js";

test("an error that was foreseen is shown without where it came from", () => {
  const error = new UpError("no-envoy", "there is no Envoy", "install one");
  expect(describeError(error)).toBe("error: there is no Envoy\n  install one");
  const coded = Object.assign(new Error("bad mode"), { code: "state-file-mode" });
  expect(describeError(coded)).toBe("error: bad mode");
});

test("an error that nobody foresaw is shown with where it came from", () => {
  expect(describeError(new TypeError("x is undefined"))).toMatch(
    /^error: TypeError: x is undefined\n +at /,
  );
  expect(describeError(Object.assign(new Error("gone"), { code: "ENOENT" }))).toMatch(/\n +at /);
  expect(describeError("text")).toBe("error: text");
});
