import { describe, expect, it } from "vitest";
import { xdsHarness } from "../../../scripts/conformance/xds/harness.js";
import { xdsShouldRespond } from "../../../scripts/conformance/xds/should-respond.js";
import { TYPE_URL } from "../../../src/xds/resource.js";

describe("a scenario of the discovery protocol", () => {
  const set = 'Given a target setup with service "RDS", resources "A,B", and starting version "1"';
  const ask = 'When the Client subscribes to resources "A" for "RDS"';
  const play = (...steps: string[]) =>
    xdsHarness.run({ title: "t", tags: ["sotw", "incremental"], steps: [set, ask, ...steps] });

  it("passes when all its steps come true, in both forms of the protocol", async () => {
    const outcome = await play(
      'Then the Client receives the resources "A" and version "1" for "RDS"',
      'When the resource "A" of service "RDS" is updated to version "2"',
      'Then the Client receives the resources "A" and version "2" for "RDS"',
      "And the service never responds more than necessary",
    );
    expect(outcome).toMatchObject({ passed: true, got: "" });
  });

  it.each([
    ["And the service never responds more than necessary", "more responses than necessary"],
    ['Then the Client receives the resources "B" and version "1" for "RDS"', "came beside it: A"],
    ['Then the Client does not receive any message from "RDS"', "more responses than necessary"],
    ["Then the moon is full", "no such step is known"],
  ])("fails at the step %s when it does not", async (step, reason) => {
    const { passed, got } = await play(step);
    expect(passed).toBe(false);
    for (const tag of ["sotw", "incremental"]) expect(got).toContain(`${tag}: ${step}: ${reason}`);
  });
});

describe("a request that is answered or not", () => {
  const request = { typeUrl: TYPE_URL.cluster, resourceNames: [] };

  it.each([true, false])("passes as expected alone: %s", async (respond) => {
    const first = await xdsShouldRespond.run({ watched: {}, request, respond });
    expect(first).toMatchObject({ passed: respond, got: "a response" });
    const watched = { [TYPE_URL.cluster]: { nonceSent: "n" } };
    const accepted = { ...request, responseNonce: "n" };
    const second = await xdsShouldRespond.run({ watched, request: accepted, respond });
    expect(second).toMatchObject({ passed: !respond, got: "no response" });
  });
});
