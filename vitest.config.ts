import { defineConfig } from "vitest/config";
import { summaryReporter } from "./scripts/summary-reporter.js";
import { searchOutputs } from "./test/outputs/search.js";

const MESH_TESTS = "test/mesh/**/*.test.ts";
/** Files share the modules of their worker, which keep no state: to load them takes longer than most files' tests. */
const SHARED_MODULES = { isolate: false } as const;
/** What ends a test that waits for ever: a busy machine takes several times as long as one with nothing else to do. */
const UNIT_TIMEOUT_MS = 30_000;

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
        // Real Envoys: one file at a time, after the rest, so that timings are the mesh's own.
        test: {
          ...SHARED_MODULES,
          name: "mesh",
          include: [MESH_TESTS],
          fileParallelism: false,
          maxWorkers: 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // What is waited for without a limit of its own may need an Envoy to start.
          expect: { poll: { timeout: 20_000 } },
          sequence: { groupOrder: 1 },
        },
      },
    ],
    coverage: { provider: "v8", include: ["src/**"], reportsDirectory: "coverage" },
  },
});
