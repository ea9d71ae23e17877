import { visibleLines } from "../../../base/text/visible-text.js";
import type { Stage } from "../../../console/explain/explanation.js";
import { stageLines } from "../../../console/explain/explanation-lines.js";
import type { Why } from "../../../console/explain/why.js";
import { CommandError } from "../../command-error.js";
import type { ConnectionOptions } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";

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
  const { stages, near } =
    config === undefined
      ? await askRunning(context, query, options)
      : await askFiles(config, query);
  if (stages.length === 0) {
    throw new CommandError(
      `${query.pod} has no resource ${query.resource}`,
      near.length === 0
        ? "`fairlead proxy-config all` shows those that it has"
        : `did you mean ${near.join(" or ")}?`,
    );
  }
  if (output === "json") context.stdout.write(`${JSON.stringify(stages, undefined, 2)}\n`);
  else context.stdout.write(visibleLines(stages.flatMap(stageLines)));
}

async function askRunning(
  context: CommandContext,
  { pod, resource }: Query,
  options: ConnectionOptions,
): Promise<Why> {
  const { askControlPlane } = await import("../../connection/connect.js");
  const { stages = "[]", near = [] } = await askControlPlane(context, options, (client) =>
    client.why({ proxy: pod, resource }),
  );
  return { stages: JSON.parse(stages) as readonly Stage[], near };
}

async function askFiles(directories: readonly string[], { pod, resource }: Query): Promise<Why> {
  const [{ why }, { planScene, plannedProxy }] = await Promise.all([
    import("../../../console/explain/why.js"),
    import("./plan-scene.js"),
  ]);
  const scene = await planScene(directories);
  return why(scene, plannedProxy(scene, directories, pod), resource);
}
