/** `fairlead proxy-status POD`: the difference between what a proxy was sent and what its Envoy holds. */
import { readFile } from "node:fs/promises";
import type { GetConfigDumpResponseJson } from "../../gen/types/fairlead/debug/v1/debug_pb.js";
import { errorMessage } from "../base/error-message.js";
import { type Comparison, compareDumps } from "../console/compare-dumps.js";
import { parseConfigDump } from "../console/config-dump.js";
import { parseHostPort, parseWorkload } from "./arguments.js";
import { CommandError } from "./command-error.js";
import { askControlPlane } from "./connect.js";
import type { CommandContext } from "./context.js";
import { askAdmin } from "./envoy-admin.js";
import type { ProxyStatusOptions } from "./run-proxy-status.js";
import { writeValue } from "./write-output.js";

/** What the Envoy of a proxy holds, and how that is known. */
interface Held {
  readonly text: string;
  readonly origin: string;
}

async function heldIn(file: string): Promise<Held> {
  try {
    return { text: await readFile(file, "utf8"), origin: file };
  } catch (cause) {
    throw new CommandError(
      `${file} cannot be read: ${errorMessage(cause)}`,
      "--file is what the admin interface of the proxy's Envoy answers to /config_dump",
    );
  }
}

async function heldBy({ proxy }: GetConfigDumpResponseJson): Promise<Held> {
  const { id = "", adminAddress = "" } = proxy ?? {};
  if (adminAddress === "") {
    throw new CommandError(
      `${id} does not say where its admin interface is`,
      "save what that answers to /config_dump, and give it with --file",
    );
  }
  const text = await askAdmin(parseHostPort(adminAddress), "/config_dump");
  return { text, origin: `its Envoy at ${adminAddress}` };
}

function linesOf({ type, differences }: Comparison): readonly string[] {
  if (differences.length === 0) return [`${type} Match`];
  const rows = differences.flatMap(({ name, places }) =>
    places.map((place) => `  ${name}: ${place}`),
  );
  return [`${type} Don't Match`, ...rows];
}

/** Compares, and prints what differs. */
export async function runProxyDifference(
  context: CommandContext,
  pod: string,
  options: ProxyStatusOptions,
): Promise<void> {
  const { namespace, file, output } = options;
  const { name, namespace: own } = parseWorkload(
    pod.includes(".") || namespace === undefined ? pod : `${pod}.${namespace}`,
  );
  const answer = await askControlPlane(context, options, (client) =>
    client.getConfigDump({ proxy: `${name}.${own}` }),
  );
  const held = await (file === undefined ? heldBy(answer) : heldIn(file));
  const sent = parseConfigDump(answer.configDump ?? "");
  const comparisons = compareDumps(sent, parseConfigDump(held.text));
  const { stdout, stderr } = context;
  stderr.write(`what ${name}.${own} accepted, and what ${held.origin} holds:\n`);
  if (output === "table") stdout.write(`${comparisons.flatMap(linesOf).join("\n")}\n`);
  else await writeValue(context, output, comparisons);
}
