import type { PushJson } from "../../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { visibleLines } from "../../../base/text/visible-text.js";
import { pushTable } from "../../../console/push-table.js";
import { askControlPlane } from "../../connection/connect.js";
import type { ConnectionOptions } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";

/** The options of `fairlead pushes`. */
export interface PushesOptions extends ConnectionOptions {
  readonly limit: number;
  readonly output: "table" | "json";
}

/** Shows what the control plane pushed lately, the slowest first. */
export async function runPushes(context: CommandContext, options: PushesOptions): Promise<void> {
  const { limit, output } = options;
  const { pushes = [] } = await askControlPlane(context, options, (client) =>
    client.listPushes({ limit }),
  );
  if (output === "json") context.stdout.write(`${JSON.stringify(pushes, undefined, 2)}\n`);
  else context.stdout.write(visibleLines(tableOf(pushes)));
}

function tableOf(pushes: readonly PushJson[]): readonly string[] {
  return pushes.length === 0 ? ["nothing has changed yet"] : pushTable(pushes);
}
