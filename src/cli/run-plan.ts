import { formatPlan, isEmpty, type Plan } from "../console/plan/plan.js";
import { CommandError, CommandExit } from "./command-error.js";
import type { ConnectionOptions } from "./connection-options.js";
import type { CommandContext } from "./context.js";

/** The options of `fairlead plan`. */
export interface PlanOptions extends ConnectionOptions {
  readonly against?: string;
  readonly ref?: string;
  readonly output: "text" | "json";
}

const ERRORS = 1;
const CHANGES = 2;

/**
 * Prints what a directory would change.
 * @throws CommandExit when it changes anything
 * @throws CommandError when it has new errors, or one of the states cannot be had
 */
export async function runPlan(
  context: CommandContext,
  directory: string,
  options: PlanOptions,
): Promise<void> {
  const plan = await planOf(context, directory, options);
  const text =
    options.output === "json" ? JSON.stringify(plan, undefined, 2) : formatPlan(plan).join("\n");
  context.stdout.write(`${text}\n`);
  if (plan.newDiagnostics.some(({ severity }) => severity === "error")) {
    throw new CommandError(
      "the configuration would have errors that it has not now",
      "mend what is shown: what it is about does not take effect",
      ERRORS,
    );
  }
  if (!isEmpty(plan)) throw new CommandExit(CHANGES);
}

async function planOf(
  context: CommandContext,
  directory: string,
  options: PlanOptions,
): Promise<Plan> {
  const { against, ref } = options;
  if (against === undefined && ref === undefined) {
    const { planByControlPlane } = await import("./plan-by-control-plane.js");
    return planByControlPlane(context, directory, options);
  }
  const { planOffline } = await import("./plan-offline.js");
  return planOffline(directory, ref === undefined ? { against: against ?? directory } : { ref });
}
