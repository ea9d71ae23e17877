import { expect, test } from "vitest";
import { isPulledAnew } from "../../../src/wasm/pull-policy.js";

const SHA256 = "0".repeat(64);

test.each([
  ["oci://ghcr.io/a:v1", "", "Always", true],
  ["oci://ghcr.io/a:v1", "", "UNSPECIFIED_POLICY", false],
  ["oci://ghcr.io/a:v1", "", undefined, false],
  ["oci://ghcr.io/a:latest", "", undefined, true],
  ["oci://ghcr.io/a", "", undefined, true],
  ["oci://ghcr.io/a", "", "IfNotPresent", false],
  [`oci://ghcr.io/a@sha256:${SHA256}`, "", "Always", false],
  ["oci://ghcr.io/a", SHA256, "Always", false],
  ["https://example.com/a.wasm", "", undefined, true],
  ["https://example.com/a.wasm", "", "IfNotPresent", false],
  ["https://example.com/a.wasm", SHA256, "Always", false],
])("%s with SHA-256 %j and policy %s is pulled anew: %s", (url, sha256, policy, isIt) => {
  const said = policy === undefined ? {} : { imagePullPolicy: policy };
  expect(isPulledAnew({ url, sha256, ...said })).toBe(isIt);
});
