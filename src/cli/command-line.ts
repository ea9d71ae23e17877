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
import { visibleLines, visiblePage } from "../base/text/visible-text.js";
import { CommandError, CommandExit, describeError, USAGE } from "./command-error.js";
import { adminCommand } from "./commands/admin/admin.js";
import { agentCommand } from "./commands/agent/agent.js";
import { analyzeCommand } from "./commands/analyze/analyze.js";
import { authnCommand } from "./commands/authn/authn.js";
import { authzCommand } from "./commands/authz.js";
import { bootstrapCommand } from "./commands/bootstrap/bootstrap.js";
import { bugReportCommand } from "./commands/bug-report/bug-report.js";
import { caCommand } from "./commands/ca/ca.js";
import { checkInjectCommand } from "./commands/check-inject/check-inject.js";
import { COMPLETE, completionCommand } from "./commands/completion/completion.js";
import { dashboardCommand } from "./commands/dashboard/dashboard.js";
import { describeCommand } from "./commands/describe.js";
import { envoyStatsCommand } from "./commands/envoy-stats.js";
import { experimentalCommand } from "./commands/experimental.js";
import { explainCommand } from "./commands/explain/explain.js";
import { whyCommand } from "./commands/explain/why.js";
import { internalDebugCommand } from "./commands/internal-debug/internal-debug.js";
import { metricsCommand } from "./commands/metrics/metrics.js";
import { planCommand } from "./commands/plan/plan.js";
import { proxyConfigCommand } from "./commands/proxy-config/proxy-config.js";
import { proxyStatusCommand } from "./commands/proxy-status/proxy-status.js";
import { pushesCommand } from "./commands/pushes/pushes.js";
import { serveCommand } from "./commands/serve.js";
import { tokenCommand } from "./commands/token/token.js";
import { upCommand } from "./commands/up.js";
import { validateCommand } from "./commands/validate/validate.js";
import { versionCommand } from "./commands/version/version.js";
import { waitCommand } from "./commands/wait/wait.js";
import type { CommandContext } from "./context.js";

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
      const { runComplete } = await import("./commands/completion/run-complete.js");
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
          context.stderr.write(visiblePage(text));
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
