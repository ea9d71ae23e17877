import { join } from "node:path";
import pino from "pino";
import { expect, test } from "vitest";
import { openIdentity } from "../../../../src/app/identity/identity.js";
import { fakeClock } from "../../base/fake-clock.js";
import { temporaryDirectory } from "../../ca/temporary-directory.js";

test("who cannot be opened follows no files any more", async () => {
  const clock = fakeClock();
  const state = await temporaryDirectory();
  const opened = openIdentity({
    stateDir: state,
    trustDomain: "cluster.local",
    trustDomainAliases: [],
    jwtIssuersFile: join(state, "no-such-file.yaml"),
    encode: () => ({ bytes: Buffer.alloc(0), version: "" }),
    clock,
    logger: pino({ level: "silent" }),
  });
  await expect(opened).rejects.toThrow("cannot be read");
  expect(clock.due()).toEqual([]);
});
