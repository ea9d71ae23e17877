/**
 * Runs tables of cases that say how Istio behaves, one suite a file of a folder, and counts where fairlead does the same.
 *
 * usage: conformance FOLDER [--verbose]
 */
import { analyzers } from "./conformance/analyzers.js";
import { authz } from "./conformance/authz.js";
import { formatResults, runSuite } from "./conformance/run-suite.js";
import { simulation } from "./conformance/simulation.js";
import type { Suite } from "./conformance/suite.js";
import { validation } from "./conformance/validation.js";
import { xdsHarness } from "./conformance/xds/harness.js";
import { xdsShouldRespond } from "./conformance/xds/should-respond.js";

const SUITES: readonly Suite[] = [
  validation,
  analyzers,
  authz,
  simulation,
  xdsHarness,
  xdsShouldRespond,
];

const [folder, option] = process.argv.slice(2);
if (folder === undefined || folder === "") {
  process.stderr.write("usage: make conformance SUITE=FOLDER [V=1]\n");
  process.exit(2);
}
for (const suite of SUITES) {
  const results = await runSuite(folder, suite);
  const lines = formatResults(suite, results, option === "--verbose");
  process.stdout.write(`${lines.join("\n")}\n`);
  if (results?.some(({ passed }) => !passed) === true) process.exitCode = 1;
}
