import { test } from "vitest";
import { expectTranscripts } from "../transcript.js";

test("authz check shows the policies that a proxy enforces", async () => {
  await expectTranscripts("authz-check", [
    ["authz", "check", "-f", "unusual.json"],
    ["x", "authz", "check", "-f", "unusual.json", "-o", "json"],
    ["authz", "check", "-f", "sidecar.json"],
    ["authz", "check", "-f", "sidecar-clusters.json"],
  ]);
});
