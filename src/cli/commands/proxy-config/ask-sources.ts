import { visibleLines } from "../../../base/text/visible-text.js";
import type { Sourced } from "../../../console/explain/list-sources.js";
import { TYPE_URL } from "../../../xds/resource.js";
import { CommandError } from "../../command-error.js";
import type { ConnectionOptions } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";

/**
 * What made the resources of a type that a proxy should hold, by its control plane. None of a saved answer, which may be of
 * another mesh; nor where no control plane knows the proxy, which is said.
 */
export async function askSources(
  context: CommandContext,
  options: ConnectionOptions,
  proxy: string | undefined,
  type: "cluster" | "endpoint" | "listener" | "route",
): Promise<readonly Sourced[]> {
  if (proxy === undefined) return [];
  const { askControlPlane } = await import("../../connection/connect.js");
  try {
    const { resources = "[]" } = await askControlPlane(context, options, (client) =>
      client.listSources({ proxy, typeUrl: TYPE_URL[type] }),
    );
    return JSON.parse(resources) as readonly Sourced[];
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    context.stderr.write(visibleLines([`note: what made these is not known: ${error.message}`]));
    return [];
  }
}
