import { expect, test } from "vitest";
import { describeError } from "../../../src/cli/command-error.js";
import { UpError } from "../../../src/up/up-error.js";

test("an error that was foreseen is shown without where it came from", () => {
  const error = new UpError("no-envoy", "there is no Envoy", "install one");
  expect(describeError(error)).toEqual(["error: there is no Envoy", "  install one"]);
  const coded = Object.assign(new Error("bad mode"), { code: "state-file-mode" });
  expect(describeError(coded)).toEqual(["error: bad mode"]);
});

test("an error that nobody foresaw is shown with where it came from", () => {
  expect(describeError(new TypeError("x is undefined")).join("\n")).toMatch(
    /^error: TypeError: x is undefined\n +at /,
  );
  expect(describeError(Object.assign(new Error("gone"), { code: "ENOENT" })).join("\n")).toMatch(
    /\n +at /,
  );
  expect(describeError("text")).toEqual(["error: text"]);
});
