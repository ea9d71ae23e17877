/** Measures what fairlead costs: `make bench`. See docs/performance.md. */
import { measureAll } from "./measure/measure-all.js";
import { parseOptions } from "./options.js";
import { isComplete, report } from "./report/report.js";

const options = parseOptions(process.argv.slice(2));
const figures = await measureAll(options, (line) => process.stderr.write(`${line}\n`));
const text =
  options.output === "json" ? JSON.stringify(figures, null, 2) : report(figures).join("\n");
process.stdout.write(`${text}\n`);
if (!isComplete(figures)) process.exitCode = 1;
