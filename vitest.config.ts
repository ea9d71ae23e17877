import { defineConfig } from "vitest/config";
import { summaryReporter } from "./scripts/summary-reporter.js";
import { searchOutputs } from "./test/outputs/search.js";

const MESH_TESTS = "test/mesh/**/*.test.ts";
/**
 * Those that see how long something takes, or have certificates of seconds, and those that start meshes as users do, with any
 * address of this machine: nothing else runs meanwhile.
 */
const ALONE = [
  "agent",
  "canary",
  "examples",
  "kept-back",
  "resilience",
  "stock-envoy",
  "traffic-policies",
  "up",
  "workload-certificates",
].map((name) => `test/mesh/${name}.test.ts`);
/** Files share the modules of their worker, which keep no state: to load them takes longer than most files' tests. */
const SHARED_MODULES = { isolate: false } as const;
/** What ends a test that waits for ever: a busy machine takes several times as long as one with nothing else to do. */
const UNIT_TIMEOUT_MS = 30_000;
/** What projects of real Envoys have in common. What is waited for without a limit of its own may need an Envoy to start. */
const MESH = {
  ...SHARED_MODULES,
  testTimeout: 120_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 20_000 } },
} as const;

export default defineConfig({
  test: {
    reporters: [
      "default",
      summaryReporter("node_modules/.cache/fairlead/tests.txt", searchOutputs()),
    ],
    projects: [
      {
        test: {
          ...SHARED_MODULES,
          name: "unit",
          // All there are: by itself it leaves one of the processors to nobody.
          maxWorkers: "100%",
          include: ["test/**/*.test.ts"],
          exclude: [MESH_TESTS],
          testTimeout: UNIT_TIMEOUT_MS,
          hookTimeout: UNIT_TIMEOUT_MS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Real Envoys, after the rest. They wait more than they compute: two files at a time (see own-slots).
        test: {
          ...MESH,
          name: "mesh",
          include: [MESH_TESTS],
          exclude: ALONE,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...MESH,
          name: "mesh-alone",
          include: ALONE,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
    coverage: { provider: "v8", include: ["src/**"], reportsDirectory: "coverage" },
  },
});
