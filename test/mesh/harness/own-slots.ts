import type { SlotShare } from "../../../src/up/pods/addresses.js";

/** As many files of tests at a time as vitest.config.ts says. */
const AT_A_TIME = 2;

/** The addresses of the meshes of this worker alone: so that two files of tests that run at once do not meet. */
export const OWN_SLOTS: SlotShare = {
  index: Number(process.env["VITEST_POOL_ID"]) % AT_A_TIME,
  of: AT_A_TIME,
};
