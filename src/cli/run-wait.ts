import { setTimeout as sleep } from "node:timers/promises";
import type {
  ConvergenceJson,
  ResourceSyncJson,
} from "../../gen/types/fairlead/debug/v1/debug_pb.js";
import { columns } from "../base/columns.js";
import type { DebugClient } from "../debug/client.js";
import { CommandError } from "./command-error.js";
import { askControlPlane } from "./connect.js";
import type { ConnectionOptions } from "./connection-options.js";
import type { CommandContext } from "./context.js";

/** The options of `fairlead wait`. */
export interface WaitOptions extends ConnectionOptions {
  /** In milliseconds. */
  readonly timeout: number;
  readonly output: "text" | "json";
}

/** How often the control plane is asked. */
const POLL_MS = 100;
const REFUSED = 3;
const TIMED_OUT = 4;

/**
 * Waits until all proxies hold what they should, or no longer.
 * @throws CommandError with the exit code that says why not all do
 */
export async function runWait(context: CommandContext, options: WaitOptions): Promise<void> {
  const began = performance.now();
  const latest = await askControlPlane(context, options, (client) =>
    untilAnswered(client, began + options.timeout),
  );
  const ms = performance.now() - began;
  const { outstanding = [] } = latest;
  if (options.output === "json") {
    context.stdout.write(`${JSON.stringify({ ...latest, outstanding }, undefined, 2)}\n`);
  } else {
    context.stdout.write(`${report(latest, ms).join("\n")}\n`);
  }
  const problem = problemOf(outstanding, options.timeout);
  if (problem !== undefined) throw problem;
}

/** How it is when nobody owes an answer any more, or it is too late. */
async function untilAnswered(
  client: Pick<DebugClient, "getConvergence">,
  deadline: number,
): Promise<ConvergenceJson> {
  let latest = await client.getConvergence({ refresh: true });
  while (pendingIn(latest.outstanding ?? []).length > 0 && performance.now() < deadline) {
    await sleep(POLL_MS);
    latest = await client.getConvergence({});
  }
  return latest;
}

const pendingIn = (outstanding: readonly ResourceSyncJson[]): readonly ResourceSyncJson[] =>
  outstanding.filter(({ status }) => status === "PENDING");

const namesOf = (outstanding: readonly ResourceSyncJson[]): number =>
  new Set(outstanding.map(({ proxy }) => proxy)).size;

const proxiesIn = (count: number): string => `${count} ${count === 1 ? "proxy" : "proxies"}`;

function report({ proxies = 0, outstanding = [], errors = 0 }: ConvergenceJson, ms: number) {
  const rows = outstanding.map(({ proxy = "", shortName = "", name = "", status, error = "" }) => {
    const what = status === "PENDING" ? "has not answered" : (status ?? "").toLowerCase();
    return [proxy, shortName, name, error === "" ? what : `${what}: ${error}`];
  });
  const table =
    rows.length === 0 ? [] : columns([["PROXY", "TYPE", "RESOURCE", "STATUS"], ...rows]);
  const good = proxies - namesOf(outstanding);
  const mistakes =
    errors === 0
      ? []
      : [
          `The configuration has ${errors} ${errors === 1 ? "error" : "errors"}, of which nothing new is in force: \`fairlead analyze\` shows where`,
        ];
  const seconds = (ms / 1000).toFixed(1);
  return [
    ...table,
    ...mistakes,
    `${good} of ${proxiesIn(proxies)} hold what they should, after ${seconds} s`,
  ];
}

function problemOf(
  outstanding: readonly ResourceSyncJson[],
  timeoutMs: number,
): CommandError | undefined {
  const pending = pendingIn(outstanding);
  if (pending.length > 0) {
    return new CommandError(
      `${proxiesIn(namesOf(pending))} did not answer within ${timeoutMs / 1000} s`,
      "`fairlead proxy-status` shows who is connected and what they say",
      TIMED_OUT,
    );
  }
  if (outstanding.length === 0) return undefined;
  return new CommandError(
    `${proxiesIn(namesOf(outstanding))} go on with an earlier version of what is refused`,
    "mend the configuration that made it",
    REFUSED,
  );
}
