import { columns } from "../../../base/text/columns.js";
import { checkTls, type TlsPolicy } from "../../../console/tls-check.js";
import { tlsCheckTable, wideTlsCheckTable } from "../../../console/tls-check-table.js";
import type { DebugClient } from "../../../debug/api/client.js";
import { CommandError } from "../../command-error.js";
import { askControlPlane } from "../../connection/connect.js";
import { connectedProxy } from "../../connection/connected-proxies.js";
import type { ConnectionOptions } from "../../connection/connection-options.js";
import { type CommandContext, colorsFor } from "../../context.js";
import { type OutputFormat, writeValue } from "../../output/write-output.js";

/** The options of `fairlead authn tls-check`. */
export interface TlsCheckOptions extends ConnectionOptions {
  readonly namespace?: string;
  readonly output: OutputFormat | "wide";
}

/** Who calls, and whom. */
interface Query {
  readonly pod: string;
  readonly host: string | undefined;
}

const GAP = 5;

/** Prints whether a proxy and those that it calls agree on TLS. */
export async function runTlsCheck(
  context: CommandContext,
  { pod, host }: Query,
  options: TlsCheckOptions,
): Promise<void> {
  const { output } = options;
  const checks = await askControlPlane(context, options, async (client) => {
    const { id, identity } = await connectedProxy(client, pod, options);
    const policies = await policiesFor(client, { pod: id, host });
    return policies.map((policy) => checkTls(policy, identity));
  });
  if (output === "json" || output === "yaml") {
    await writeValue(context, output, checks);
    return;
  }
  const colors = colorsFor(context, context.stdout);
  const rows = output === "wide" ? wideTlsCheckTable(checks) : tlsCheckTable(checks);
  for (const line of columns(rows, GAP)) {
    const shown = line.replace(/ CONFLICT /, (status) => colors.red(status));
    context.stdout.write(`${shown}\n`);
  }
}

/** The policies of a host, by its full name or by a short one that the proxy's namespace completes; of all without one. */
async function policiesFor(
  client: DebugClient,
  { pod, host }: Query,
): Promise<readonly TlsPolicy[]> {
  for (const name of host === undefined ? [""] : fullNames(host, pod)) {
    const { policies = [] } = await client.listTlsPolicies({ proxy: pod, host: name });
    if (policies.length > 0 || host === undefined) return policies;
  }
  throw new CommandError(
    `${pod} sees no service ${host ?? ""}`,
    "`fairlead authn tls-check` without a host shows those that it sees",
  );
}

function fullNames(host: string, pod: string): readonly string[] {
  const namespace = pod.slice(pod.lastIndexOf(".") + 1);
  const suffix = "svc.cluster.local";
  return [host, `${host}.${namespace}.${suffix}`, `${host}.${suffix}`];
}
