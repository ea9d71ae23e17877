import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { trailersOf } from "../../../src/grpc/status.js";

test.each([
  ["no such pod", "no such pod"],
  ["5 % of it", "5 %25 of it"],
  ["line\nline", "line%0Aline"],
  ["Grüße", "Gr%C3%BC%C3%9Fe"],
  ["half of a pair: \ud800", "half of a pair: %EF%BF%BD"],
])("the details %j are told as %j", (details, message) => {
  expect(trailersOf({ code: status.NOT_FOUND, details })).toEqual({
    "grpc-status": "5",
    "grpc-message": message,
  });
});

test("no details are not told", () => {
  expect(trailersOf({ code: status.OK, details: "" })).toEqual({ "grpc-status": "0" });
});
