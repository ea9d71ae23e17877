import { describe, expect, test } from "vitest";
import {
  createFailureCounter,
  type EchoControls,
  readControls,
} from "../../../../src/up/echo/echo-controls.js";

const DEFAULT: EchoControls = { status: 200, delayMs: 0, failures: 0, body: "description" };

describe("readControls", () => {
  test.each<[string, Partial<EchoControls>]>([
    ["/", {}],
    ["/reviews/0?page=1", {}],
    ["*", {}],
    ["//", {}],
    ["//?fail=2", { failures: 2 }],
    ["//status/503", { status: 503 }],
    ["/status/503", { status: 503 }],
    ["/api/v1/status/404", { status: 404 }],
    ["/?status=418", { status: 418 }],
    ["/status/999", {}],
    ["/status/20", {}],
    ["/status/", {}],
    ["/delay/500ms", { delayMs: 500 }],
    ["/delay/1.5s/status/500", { delayMs: 1500, status: 500 }],
    ["/?delay=2s", { delayMs: 2000 }],
    ["/delay/2", { delayMs: 2000 }],
    ["/delay/0.5", { delayMs: 500 }],
    ["/?delay=301s", {}],
    ["/?delay=301", {}],
    ["/?delay=fast", {}],
    ["/bytes/1000000", { body: 1_000_000 }],
    ["/bytes/1073741825", {}],
    ["/echo", { body: "echo" }],
    ["/echoes", {}],
    ["/?fail=2", { failures: 2 }],
    ["/?fail=2&key=a", { failures: 2, failureKey: "a" }],
    ["/?fail=1001", {}],
    ["/?fail=-1", {}],
  ])("reads %s", (target, difference) => {
    expect(readControls(target)).toEqual({ ...DEFAULT, ...difference });
  });
});

describe("createFailureCounter", () => {
  test("fails as often as asked, then succeeds, then begins again", () => {
    const shouldFail = createFailureCounter(10);
    expect(Array.from({ length: 6 }, () => shouldFail("a", 2))).toEqual([
      ...[true, true, false],
      ...[true, true, false],
    ]);
  });

  test("counts each key by itself", () => {
    const shouldFail = createFailureCounter(10);
    expect([shouldFail("a", 1), shouldFail("b", 1), shouldFail("a", 1)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test("forgets the key that was not seen for longest when there are too many", () => {
    const shouldFail = createFailureCounter(2);
    for (const key of ["a", "b", "a", "c"]) shouldFail(key, 5);
    // "b" is forgotten and fails from the beginning; "a" had two of its failures.
    expect([shouldFail("a", 2), shouldFail("b", 1)]).toEqual([false, true]);
  });
});
