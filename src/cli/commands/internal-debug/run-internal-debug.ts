import type { DebugClient } from "../../../debug/api/client.js";
import { askControlPlane } from "../../connection/connect.js";
import { connectedProxy } from "../../connection/connected-proxies.js";
import type { ConnectionOptions } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";

/** The options of `fairlead internal-debug`. */
export interface InternalDebugOptions extends ConnectionOptions {
  readonly namespace?: string;
}

/** What is asked for. */
interface Asked {
  readonly path: string;
  readonly pod: string | undefined;
}

/**
 * Prints what is at a path.
 * @throws CommandError when nothing is
 */
export async function runInternalDebug(
  context: CommandContext,
  asked: Asked,
  options: InternalDebugOptions,
): Promise<void> {
  const { text = "" } = await askControlPlane(
    context,
    options,
    async (client) => client.getDebugPath({ path: await pathOf(client, asked, options) }),
    {
      NOT_FOUND:
        "`fairlead x internal-debug list` shows the paths, `fairlead proxy-status` the proxies",
      INVALID_ARGUMENT: `name its pod: \`fairlead x internal-debug ${asked.path} NAME.NAMESPACE\``,
    },
  );
  context.stdout.write(text);
}

async function pathOf(
  client: DebugClient,
  { path, pod }: Asked,
  options: InternalDebugOptions,
): Promise<string> {
  if (pod === undefined) return path;
  const { id } = await connectedProxy(client, pod, options);
  return `${path}${path.includes("?") ? "&" : "?"}proxyID=${encodeURIComponent(id)}`;
}
