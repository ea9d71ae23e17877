/** The command line of `make bench`. */
import { Command, InvalidArgumentError, Option } from "commander";

/** The parts of the measurement, in the order in which they are done. */
export const PARTS = [
  "phases",
  "growth",
  "kinds",
  "crowd",
  "storm",
  "start",
  "on-demand",
  "commands",
] as const;

/** See HELP. */
export type Part = (typeof PARTS)[number];

/** What is measured, and how it is told. */
export interface BenchOptions {
  readonly services: number;
  readonly namespaces: number;
  readonly endpoints: number;
  readonly proxies: number;
  readonly edits: number;
  readonly churn: number;
  readonly churnFor: number;
  readonly crowd: number;
  readonly start: readonly number[];
  readonly called: number;
  readonly only: readonly Part[];
  readonly floor: boolean;
  readonly timeout: number;
  readonly output: "table" | "json";
}

const HELP = `
Parts, of which --only takes some:
  phases     connect, edits, churn, reconnect, each beside its floor: the same bytes sent by a server without any logic
  growth     the same with twice the services, and with twice the proxies
  kinds      edits of policies, rules and other kinds, also with twice the services
  crowd      many proxies at once
  storm      endpoint edits while as many proxies connect as are connected already
  start      from the start of the process to the first answer
  commands   how long each command takes while the proxies are connected
  on-demand  a real Envoy with whole route tables, with virtual hosts by themselves, and one that asks for what it calls

Examples:
  $ make bench
  $ make bench ARGS="--only phases --proxies 50 --edits 10"
  $ make bench ARGS="-o json" > figures.json`;

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 0 || text.trim() === "") {
    throw new InvalidArgumentError("A whole number is needed.");
  }
  return count;
}

function parsePositive(text: string): number {
  const count = parseCount(text);
  if (count === 0) throw new InvalidArgumentError("A number above 0 is needed.");
  return count;
}

function parseCounts(text: string): readonly number[] {
  return text.split(",").map(parsePositive);
}

function parseParts(text: string): readonly Part[] {
  const asked = text.split(",");
  const unknown = asked.find((one) => !PARTS.some((part) => part === one));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`There is no part ${unknown}: ${PARTS.join(", ")} there are.`);
  }
  return PARTS.filter((part) => asked.includes(part));
}

/** Reads the arguments of the program; ends it when they are wrong, or ask for help. */
export function parseOptions(argv: readonly string[]): BenchOptions {
  return new Command("make bench ARGS=")
    .description("measure what fairlead costs")
    .option("--services <n>", "services of the mesh", parsePositive, 1000)
    .option("--namespaces <n>", "namespaces over which they are spread", parsePositive, 20)
    .option("--endpoints <n>", "endpoints of each service", parsePositive, 3)
    .option("--proxies <n>", "sidecars that connect", parsePositive, 200)
    .option("--edits <n>", "edits of each kind", parsePositive, 5)
    .option("--churn <n>", "endpoint edits a second while there is churn", parseCount, 10)
    .option("--churn-for <seconds>", "how long there is churn", parseCount, 10)
    .option("--crowd <n>", "sidecars of the part crowd", parsePositive, 1000)
    .option("--start <n,...>", "services of the part start", parseCounts, [1000, 10_000])
    .option("--called <n>", "services that an Envoy calls, in on-demand", parsePositive, 50)
    .option("--only <part,...>", "parts of the measurement", parseParts, PARTS)
    .option("--no-floor", "without the floor")
    .option("--timeout <seconds>", "longest wait for one change", parsePositive, 60)
    .addOption(
      new Option("-o, --output <form>", "for people or for programs")
        .choices(["table", "json"])
        .default("table"),
    )
    .addHelpText("after", HELP)
    .parse([...argv], { from: "user" })
    .opts<BenchOptions>();
}
