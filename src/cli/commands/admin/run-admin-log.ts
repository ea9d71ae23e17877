import type { ListLogScopesResponseJson } from "../../../../gen/types/fairlead/debug/v1/debug_pb.js";
import type { DebugClient } from "../../../debug/api/client.js";
import { askControlPlane } from "../../connection/connect.js";
import type { ConnectionOptions } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";
import type { LogLevels } from "../../options/level-list.js";
import { type OutputFormat, writeOutput } from "../../output/write-output.js";

/** The options of `fairlead admin log`. */
export interface AdminLogOptions extends ConnectionOptions {
  readonly level?: LogLevels;
  readonly reset?: true;
  readonly output: OutputFormat;
}

/**
 * Changes how much the control plane logs, if that was asked for, and shows how much it is.
 * @throws CommandError when it does not answer, or there is no such scope
 */
export async function runAdminLog(
  context: CommandContext,
  options: AdminLogOptions,
): Promise<void> {
  const { scopes = [] } = await askControlPlane(
    context,
    options,
    (client) => askLevels(client, options),
    {
      INVALID_ARGUMENT: "`fairlead admin log` shows the scopes that there are",
      UNAUTHENTICATED:
        "leave --plaintext out: --state or an operator's certificate with --cert-dir says who asks",
    },
  );
  await writeOutput(context, options.output, {
    table: () => [
      ["ACTIVE SCOPE", "DESCRIPTION", "LOG LEVEL"],
      ...scopes.map(({ name = "", description = "", level = "" }) => [name, description, level]),
    ],
    value: () =>
      scopes.map(({ name, level, description }) => ({
        scope_name: name,
        log_level: level,
        description,
      })),
    gap: 3,
  });
}

function askLevels(
  client: DebugClient,
  { level, reset }: AdminLogOptions,
): Promise<ListLogScopesResponseJson> {
  if (reset === true) return client.setLogLevels({ reset });
  if (level === undefined) return client.listLogScopes();
  const { all = "", named } = level;
  return client.setLogLevels({ level: all, levels: Object.fromEntries(named) });
}
