/**
 * From arguments to an exit code: 0 for done, 1 for failed, 2 for a command line that cannot be understood; a command may
 * have others for what it tells apart.
 *
 * What a command does is in a file of its own, `run-COMMAND.ts`, which is loaded when the command runs: help and completion
 * need none of it. A command of more than these two files has a folder.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { visibleLines } from "../base/visible-text.js";
import { adminCommand } from "./admin.js";
import { agentCommand } from "./agent.js";
import { analyzeCommand } from "./analyze.js";
import { authnCommand } from "./authn.js";
import { authzCommand } from "./authz.js";
import { bootstrapCommand } from "./bootstrap.js";
import { bugReportCommand } from "./bug-report.js";
import { caCommand } from "./ca.js";
import { checkInjectCommand } from "./check-inject.js";
import { CommandError, CommandExit, describeError, USAGE } from "./command-error.js";
import { COMPLETE, completionCommand } from "./completion.js";
import type { CommandContext } from "./context.js";
import { dashboardCommand } from "./dashboard.js";
import { describeCommand } from "./describe.js";
import { envoyStatsCommand } from "./envoy-stats.js";
import { experimentalCommand } from "./experimental.js";
import { explainCommand } from "./explain.js";
import { internalDebugCommand } from "./internal-debug.js";
import { metricsCommand } from "./metrics.js";
import { planCommand } from "./plan.js";
import { proxyConfigCommand } from "./proxy-config.js";
import { proxyStatusCommand } from "./proxy-status.js";
import { pushesCommand } from "./pushes.js";
import { serveCommand } from "./serve.js";
import { tokenCommand } from "./token.js";
import { upCommand } from "./up.js";
import { validateCommand } from "./validate.js";
import { versionCommand } from "./version.js";
import { waitCommand } from "./wait.js";
import { whyCommand } from "./why.js";

const FAILED = 1;

/** Runs the command that the arguments name. Never rejects. */
export async function runCommandLine(
  args: readonly string[],
  context: CommandContext,
): Promise<number> {
  const program = programOf(context);
  try {
    const [first, ...words] = args;
    if (first === COMPLETE) {
      const { runComplete } = await import("./completion/run-complete.js");
      await runComplete(context, program, words);
    } else {
      await program.parseAsync(args, { from: "user" });
    }
    return 0;
  } catch (error) {
    if (error instanceof CommandExit) return error.exitCode;
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
    context.stderr.write(visibleLines(describeError(error)));
    return error instanceof CommandError ? error.exitCode : FAILED;
  }
}

function programOf(context: CommandContext): Command {
  const program = new Command("fairlead")
    .description("A service mesh control plane that speaks Istio's API without Kubernetes.")
    .version(versionIn(context.installation), "-V, --version")
    .addCommand(upCommand(context))
    .addCommand(serveCommand(context))
    .addCommand(agentCommand(context))
    .addCommand(bootstrapCommand(context))
    .addCommand(analyzeCommand(context))
    .addCommand(caCommand(context))
    .addCommand(tokenCommand(context))
    .addCommand(planCommand(context))
    .addCommand(waitCommand(context))
    .addCommand(pushesCommand(context))
    .addCommand(proxyStatusCommand(context))
    .addCommand(proxyConfigCommand(context))
    .addCommand(authnCommand(context))
    .addCommand(authzCommand(context))
    .addCommand(checkInjectCommand(context))
    .addCommand(describeCommand(context))
    .addCommand(explainCommand(context))
    .addCommand(whyCommand(context))
    .addCommand(envoyStatsCommand(context))
    .addCommand(metricsCommand(context))
    .addCommand(dashboardCommand(context))
    .addCommand(adminCommand(context))
    .addCommand(internalDebugCommand(context))
    .addCommand(bugReportCommand(context))
    .addCommand(experimentalCommand(context), { hidden: true })
    .addCommand(validateCommand(context))
    .addCommand(completionCommand(context))
    .addCommand(versionCommand(context))
    .addHelpText("after", "\nExample:\n  $ fairlead up examples/shop");
  for (const command of withSubcommands(program)) {
    command
      .exitOverride()
      .configureOutput({
        writeOut: (text) => {
          context.stdout.write(text);
        },
        writeErr: (text) => {
          context.stderr.write(text);
        },
      })
      .showHelpAfterError("(--help says more)");
  }
  return program;
}

/** The version of the package; read here, as most commands load nothing of src/app (see `readVersion`). */
function versionIn(installation: string): string {
  const text = readFileSync(join(installation, "package.json"), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}

function withSubcommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}
