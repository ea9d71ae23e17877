import type {
  DiagnosticsJson,
  ListProxiesResponseJson,
} from "../../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { readVersion } from "../../../app/package-files.js";
import { counted } from "../../../base/text/counted.js";
import { visibleLines } from "../../../base/text/visible-text.js";
import { DebugCallError, type DebugClient } from "../../../debug/api/client.js";
import { ISTIO_VERSION } from "../../../envoy/bootstrap/node.js";
import { askControlPlane } from "../../connection/connect.js";
import type { ConnectionOptions } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";
import { type ArchiveEntry, writeArchive } from "./archive.js";

/** The options of `fairlead bug-report`. */
export interface BugReportOptions extends ConnectionOptions {
  readonly namespace?: string;
  readonly output: string;
}

/** Saves what the control plane tells of itself and its proxies. */
export async function runBugReport(
  context: CommandContext,
  options: BugReportOptions,
): Promise<void> {
  const { namespace = "", output } = options;
  const client = {
    fairlead: await readVersion(),
    istioApi: ISTIO_VERSION,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
  await askControlPlane(context, options, async (debug) => {
    const answer = await debug.listProxies({ namespace });
    await writeArchive(output, entriesOf(debug, answer, client));
    const count = answer.proxies?.length ?? 0;
    context.stderr.write(visibleLines([`${output} tells of ${counted(count, "proxy")}`]));
  });
}

/** All is in one folder, so that who unpacks it finds it. */
const entry = (name: string, value: unknown): ArchiveEntry => ({
  name: `bug-report/${name}.json`,
  text: `${JSON.stringify(value, undefined, 2)}\n`,
});

/** One proxy after the other, so that no more than one dump is held. */
async function* entriesOf(
  debug: DebugClient,
  { controlPlane, proxies = [] }: ListProxiesResponseJson,
  client: object,
): AsyncIterable<ArchiveEntry> {
  yield entry("version", { client, controlPlane });
  yield entry("proxies", proxies);
  const ids = new Set(proxies.map(({ id = "" }) => id));
  const { events = [] } = await debug.listEvents({});
  yield entry(
    "events",
    events.filter(({ proxy = "" }) => ids.has(proxy)),
  );
  yield entry("diagnostics", withoutSources(await debug.getDiagnostics()));
  for (const id of ids) yield* proxyEntries(debug, id);
}

/** A line of a file can have a key, as where a Secret is written wrongly. */
function withoutSources({ diagnostics = [] }: DiagnosticsJson): object {
  return diagnostics.map(({ sourceLine: _line, ...diagnostic }) => diagnostic);
}

/** What a proxy should hold and what it holds; why not, when it has gone in the meantime. */
async function* proxyEntries(debug: DebugClient, proxy: string): AsyncIterable<ArchiveEntry> {
  // What a proxy is called it says itself: no name may lead elsewhere when the archive is unpacked.
  const folder = `proxies/${encodeURIComponent(proxy)}`;
  try {
    const { configDump = "{}" } = await debug.getConfigDump({ proxy });
    yield entry(`${folder}/config_dump`, JSON.parse(configDump));
    const { resources = [] } = await debug.listResources({ proxy });
    yield entry(`${folder}/resources`, resources);
  } catch (error) {
    if (!(error instanceof DebugCallError && error.statusName === "NOT_FOUND")) throw error;
    yield entry(`${folder}/error`, { message: error.message });
  }
}
