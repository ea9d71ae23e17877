import { join } from "node:path";
import pino from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import { openIdentity } from "../../../src/app/identity.js";
import { systemTimers } from "../../../src/ca/timers.js";
import { temporaryDirectory } from "../ca/temporary-directory.js";

test("who cannot be opened follows no files any more", async () => {
  const waiting = new Set<() => void>();
  const at = vi.spyOn(systemTimers, "at").mockImplementation((_time, callback) => {
    waiting.add(callback);
    return () => {
      waiting.delete(callback);
    };
  });
  onTestFinished(() => {
    at.mockRestore();
  });
  const state = await temporaryDirectory();
  const opened = openIdentity({
    stateDir: state,
    trustDomain: "cluster.local",
    trustDomainAliases: [],
    jwtIssuersFile: join(state, "no-such-file.yaml"),
    encode: () => ({ bytes: Buffer.alloc(0), version: "" }),
    logger: pino({ level: "silent" }),
  });
  await expect(opened).rejects.toThrow("cannot be read");
  expect(waiting).toEqual(new Set());
});
