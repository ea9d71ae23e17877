import { expect, test } from "vitest";
import { connectionLimits, maxOpenFiles } from "../../../../src/app/ports/open-files.js";

test.each([
  { openFiles: 1024, tls: 494, plaintext: 247, http: 82 },
  { openFiles: 300, tls: 90, plaintext: 45, http: 15 },
  { openFiles: 1_000_000, tls: 12_000, plaintext: 12_000, http: 500 },
  { openFiles: Infinity, tls: 12_000, plaintext: 12_000, http: 500 },
])("of $openFiles descriptors some are left for files", ({ openFiles, ...limits }) => {
  expect(connectionLimits(openFiles)).toEqual(limits);
});

test("the system tells how many there may be", () => {
  expect(maxOpenFiles()).toBeGreaterThan(100);
});
