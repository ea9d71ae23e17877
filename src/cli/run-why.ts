import type { Stage } from "../console/explain/explanation.js";
import { stageLines } from "../console/explain/explanation-lines.js";
import { CommandError } from "./command-error.js";
import type { ConnectionOptions } from "./connection-options.js";
import type { CommandContext } from "./context.js";

/** The options of `fairlead why`. */
export interface WhyOptions extends ConnectionOptions {
  readonly config?: readonly string[];
  readonly output: "text" | "json";
}

/** Which resource of which proxy. */
interface Query {
  readonly pod: string;
  readonly resource: string;
}

/** Prints what made an Envoy resource. */
export async function runWhy(
  context: CommandContext,
  query: Query,
  options: WhyOptions,
): Promise<void> {
  const { config, output } = options;
  const stages =
    config === undefined
      ? await askRunning(context, query, options)
      : await askFiles(config, query);
  if (stages.length === 0) {
    throw new CommandError(
      `${query.pod} has no resource ${query.resource}`,
      "`fairlead proxy-config all` shows those that it has",
    );
  }
  context.stdout.write(
    output === "json"
      ? `${JSON.stringify(stages, undefined, 2)}\n`
      : `${stages.flatMap(stageLines).join("\n")}\n`,
  );
}

async function askRunning(
  context: CommandContext,
  { pod, resource }: Query,
  options: ConnectionOptions,
): Promise<readonly Stage[]> {
  const { askControlPlane } = await import("./connect.js");
  const { stages = "[]" } = await askControlPlane(context, options, (client) =>
    client.why({ proxy: pod, resource }),
  );
  return JSON.parse(stages) as readonly Stage[];
}

async function askFiles(
  directories: readonly string[],
  { pod, resource }: Query,
): Promise<readonly Stage[]> {
  const [{ why }, { planScene, plannedProxy }] = await Promise.all([
    import("../console/explain/why.js"),
    import("./plan-scene.js"),
  ]);
  const scene = await planScene(directories);
  return why(scene, plannedProxy(scene, directories, pod), resource);
}
