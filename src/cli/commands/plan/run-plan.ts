import { visibleLines } from "../../../base/text/visible-text.js";
import { formatPlan, isEmpty, type Plan } from "../../../console/plan/plan.js";
import { CommandError, CommandExit, INTERRUPTED } from "../../command-error.js";
import type { ConnectionOptions } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";
import type { AskEnvoy, ValidatedState } from "./validate-plan.js";

/** The options of `fairlead plan`. */
export interface PlanOptions extends ConnectionOptions {
  readonly against?: string;
  readonly ref?: string;
  readonly validate?: true;
  readonly envoy?: string;
  readonly output: "text" | "json";
}

const ERRORS = 1;
const CHANGES = 2;

/**
 * Prints what a directory would change.
 * @throws CommandExit when it changes anything, or was interrupted
 * @throws CommandError when it has new errors, or one of the states cannot be had
 */
export async function runPlan(
  context: CommandContext,
  directory: string,
  options: PlanOptions,
): Promise<void> {
  const planned = await planOf(context, directory, options);
  const plan =
    options.validate === true ? await validated(context, planned, options) : planned.plan;
  if (options.output === "json") {
    context.stdout.write(`${JSON.stringify(plan, undefined, 2)}\n`);
  } else context.stdout.write(visibleLines(formatPlan(plan)));
  if (plan.newDiagnostics.some(({ severity }) => severity === "error")) {
    throw new CommandError(
      "the change brings errors that the configuration does not have now",
      "mend what is shown: a resource with an error does not take effect",
      ERRORS,
    );
  }
  if (!isEmpty(plan)) throw new CommandExit(CHANGES);
}

/** The plan with what an Envoy refuses among its new findings. */
async function validated(
  { environment, installation, stop }: CommandContext,
  { plan, state }: Planned,
  { envoy }: PlanOptions,
): Promise<Plan> {
  const [{ findEnvoy }, { refusalOf }, { envoyFindings }] = await Promise.all([
    import("../../../up/envoy/envoy-binary.js"),
    import("../../../up/envoy/envoy-validation.js"),
    import("./validate-plan.js"),
  ]);
  const named = envoy ?? environment["FAIRLEAD_ENVOY"];
  const { file } = await findEnvoy({ named, path: environment["PATH"], installation });
  if (plan.groups.length === 0) return plan;
  try {
    const ask: AskEnvoy = (resources) => refusalOf(file, resources, stop);
    const found = await envoyFindings(ask, plan, await state());
    return { ...plan, newDiagnostics: [...plan.newDiagnostics, ...found] };
  } catch (error) {
    throw stop.aborted ? new CommandExit(INTERRUPTED) : error;
  }
}

/** A plan, and what it would have proxies be sent. */
interface Planned {
  readonly plan: Plan;
  readonly state: () => ValidatedState | Promise<ValidatedState>;
}

async function planOf(
  context: CommandContext,
  directory: string,
  options: PlanOptions,
): Promise<Planned> {
  const { against, ref } = options;
  if (against === undefined && ref === undefined) {
    const { connectedProxies, planByControlPlane } = await import("./plan-by-control-plane.js");
    const plan = await planByControlPlane(context, directory, options);
    const state = async (): Promise<ValidatedState> => {
      const { stateFor } = await import("./plan-offline.js");
      return stateFor(directory, await connectedProxies(context, options));
    };
    return { plan, state };
  }
  const { planOffline } = await import("./plan-offline.js");
  return planOffline(directory, ref === undefined ? { against: against ?? directory } : { ref });
}
