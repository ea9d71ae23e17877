/** `fairlead proxy-status POD`: the difference between what a proxy was sent and what its Envoy holds. */
import { formatHostPort } from "../../../base/text/host-port.js";
import { visibleLines } from "../../../base/text/visible-text.js";
import { type Comparison, compareDumps } from "../../../console/compare-dumps.js";
import { parseCanonicalDump, parseConfigDump } from "../../../console/config-dump.js";
import { CommandError } from "../../command-error.js";
import { askControlPlane } from "../../connection/connect.js";
import { type ConnectedProxy, connectedProxy } from "../../connection/connected-proxies.js";
import { askAdmin } from "../../connection/envoy-admin.js";
import { readSaved } from "../../connection/read-saved.js";
import type { CommandContext } from "../../context.js";
import { writeValue } from "../../output/write-output.js";
import type { ProxyStatusOptions } from "./run-proxy-status.js";

/** What the Envoy of a proxy holds, and how that is known. */
interface Held {
  readonly text: string;
  readonly origin: string;
}

async function heldIn(context: CommandContext, file: string): Promise<Held> {
  const text = await readSaved(context, file);
  return { text, origin: file === "-" ? "the standard input" : file };
}

async function heldBy({ id, admin }: ConnectedProxy): Promise<Held> {
  if (admin === undefined) {
    throw new CommandError(
      `${id} does not say where its admin interface is`,
      "save what that answers to /config_dump, and give it with --file",
    );
  }
  const text = await askAdmin(admin, "/config_dump");
  return { text, origin: `its Envoy at ${formatHostPort(admin)}` };
}

function linesOf({ type, differences }: Comparison): readonly string[] {
  if (differences.length === 0) return [`${type} Match`];
  const rows = differences.flatMap(({ name, places }) =>
    places.map((place) => `  ${name}: ${place}`),
  );
  return [`${type} Don't Match`, ...rows];
}

/** What is compared. */
const SECTIONS = ["ClustersConfigDump", "ListenersConfigDump", "RoutesConfigDump"];

/** Compares, and prints what differs. */
export async function runProxyDifference(
  context: CommandContext,
  pod: string,
  options: ProxyStatusOptions,
): Promise<void> {
  const { file, output } = options;
  const { id, held, configDump } = await askControlPlane(context, options, async (client) => {
    const proxy = await connectedProxy(client, pod, options);
    const held = await (file === undefined ? heldBy(proxy) : heldIn(context, file));
    const sections = SECTIONS.map((name) => ({ name }));
    const { configDump = "" } = await client.getConfigDump({ proxy: proxy.id, sections });
    return { id: proxy.id, held, configDump };
  });
  const sent = parseCanonicalDump(configDump);
  const comparisons = compareDumps(sent, parseConfigDump(held.text));
  const { stdout, stderr } = context;
  stderr.write(visibleLines([`what ${id} accepted, and what ${held.origin} holds:`]));
  if (output === "table") stdout.write(visibleLines(comparisons.flatMap(linesOf)));
  else await writeValue(context, output, comparisons);
}
