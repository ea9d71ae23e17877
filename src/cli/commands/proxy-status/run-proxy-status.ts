import { visibleLines } from "../../../base/text/visible-text.js";
import { statusResponse } from "../../../debug/istio/status-response.js";
import { askControlPlane } from "../../connection/connect.js";
import type { ConnectionOptions } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";
import { writeValue } from "../../output/write-output.js";
import { peerLines, refusalLines, statusTable, subscriptionTable } from "./proxy-status-table.js";

/** The options of `fairlead proxy-status`. */
export interface ProxyStatusOptions extends ConnectionOptions {
  readonly namespace?: string;
  readonly file?: string;
  /** For one proxy: of its admin interface. */
  readonly proxyAdminPort?: number;
  readonly verbosity: "0" | "1";
  readonly output: "table" | "json" | "yaml";
}

/** What the tables show: of hundreds of proxies, all that is known of them takes long to read. */
const FIELDS = {
  "0": "id,clusterId,istioVersion,types.shortName,types.lastRefusal",
  "1": "id,clusterId,istioVersion,types.shortName,types.lastRefusal,types.status,types.lastSent,types.resumedAt",
} as const;

/** Prints the proxies that are connected. */
export async function runProxyStatus(
  context: CommandContext,
  options: ProxyStatusOptions,
): Promise<void> {
  const { namespace = "", verbosity, output } = options;
  const readMask = output === "table" ? FIELDS[verbosity] : "";
  const answer = await askControlPlane(context, options, (client) =>
    client.listProxies({ namespace, readMask }),
  );
  if (output !== "table") {
    await writeValue(context, output, statusResponse(answer));
    return;
  }
  const { proxies = [], controlPlane = {}, peers = [] } = answer;
  const { stdout, stderr } = context;
  const isAnywhere = peers.some((peer) => (peer.proxies ?? []).length > 0);
  if (proxies.length === 0 && !isAnywhere) {
    const where = namespace === "" ? "" : ` in namespace ${namespace}`;
    stderr.write(visibleLines([`No proxy is connected${where}.`, ...peerLines(peers)]));
    return;
  }
  const shown = { proxies, controlPlane, peers };
  const lines = verbosity === "1" ? statusTable(shown, Date.now()) : subscriptionTable(shown);
  const below = [...refusalLines(proxies), ...peerLines(peers)];
  stdout.write(visibleLines([...lines, ...below]));
}
