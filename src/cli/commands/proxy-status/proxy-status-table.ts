/** Tables of proxies, with the columns of istioctl 1.29. */
import type {
  ControlPlaneJson,
  PeerJson,
  ProxyJson,
  RefusalJson,
  TypeSyncJson,
} from "../../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { columns } from "../../../base/text/columns.js";
import { awaitedFiles } from "../../../console/awaited-files.js";

/** How far istioctl sets these columns apart. */
const GAP = 5;

const STATUS_COLUMNS = ["CDS", "ECDS", "EDS", "LDS", "RDS", "NDS"] as const;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** An age as kubectl writes it: `6s`, `12m`, `3h`, `2d`. */
function formatAge(ms: number): string {
  if (ms < MINUTE) return `${Math.max(0, Math.floor(ms / SECOND))}s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)}h`;
  return `${Math.floor(ms / DAY)}d`;
}

const versionOf = ({ istioVersion }: Pick<ProxyJson, "istioVersion">): string => istioVersion ?? "";

/** What is not known here of a proxy that is connected to another control plane. */
const ELSEWHERE = "-";

/** What the tables show of proxies. */
export interface ShownProxies {
  readonly proxies: readonly ProxyJson[];
  /** That to which they are connected. */
  readonly controlPlane: ControlPlaneJson;
  /** Those that it follows. */
  readonly peers: readonly PeerJson[];
}

/** A row for each proxy, by name, with what is known of it here between where it is and which it is. */
function rowsOf(
  { proxies, controlPlane: { id: here = "" }, peers }: ShownProxies,
  row: (
    proxy: Pick<ProxyJson, "id" | "clusterId" | "istioVersion">,
    controlPlane: string,
    known: ProxyJson | undefined,
  ) => readonly string[],
): readonly (readonly string[])[] {
  const others = peers.flatMap(({ proxies: connected = [], ...peer }) =>
    connected.map((proxy) => row(proxy, nameOf(peer, here), undefined)),
  );
  const own = proxies.map((proxy) => row(proxy, here, proxy));
  return others.length === 0
    ? own
    : [...own, ...others].sort(([a = ""], [b = ""]) => (a < b ? -1 : 1));
}

/** Two on one machine are told apart by their addresses. */
const nameOf = ({ id = "", address = "" }: PeerJson, here: string): string =>
  id === "" || id === here ? address : id;

/** NAME, CLUSTER, ISTIOD, VERSION and the types that each proxy asked for. */
export function subscriptionTable(shown: ShownProxies): readonly string[] {
  const rows = rowsOf(shown, (proxy, controlPlane, known) => {
    const types = (known?.types ?? []).map(({ shortName = "" }) => shortName);
    const subscribed = known === undefined ? ELSEWHERE : `${types.length} (${types.join(",")})`;
    return [proxy.id ?? "", proxy.clusterId ?? "", controlPlane, versionOf(proxy), subscribed];
  });
  return columns([["NAME", "CLUSTER", "ISTIOD", "VERSION", "SUBSCRIBED TYPES"], ...rows], GAP);
}

function statusCell(type: TypeSyncJson | undefined, now: number): string {
  if (type === undefined) return "IGNORED";
  const { status = "NOT_SENT", lastSent, resumedAt } = type;
  if (status === "NOT_SENT") return "NOT SENT";
  const since = lastSent ?? resumedAt;
  return since === undefined ? status : `${status} (${formatAge(now - Date.parse(since))})`;
}

/** A column for each type of resource, with where a proxy stands and when it was last sent something, or came back with it. */
export function statusTable(shown: ShownProxies, now: number): readonly string[] {
  const rows = rowsOf(shown, (proxy, controlPlane, known) => {
    const types = new Map((known?.types ?? []).map((type) => [type.shortName, type]));
    const cells = STATUS_COLUMNS.map((name) =>
      known === undefined ? ELSEWHERE : statusCell(types.get(name), now),
    );
    return [proxy.id ?? "", proxy.clusterId ?? "", ...cells, controlPlane, versionOf(proxy)];
  });
  return columns([["NAME", "CLUSTER", ...STATUS_COLUMNS, "ISTIOD", "VERSION"], ...rows], GAP);
}

/** Which other control planes are not followed, below a table; nothing when all are. */
export function peerLines(peers: readonly PeerJson[]): readonly string[] {
  const lines = peers
    .filter(({ followed = false }) => !followed)
    .map(
      ({ address = "", problem = "" }) =>
        `The control plane at ${address} is not followed${problem === "" ? "" : `: ${problem}`}`,
    );
  return lines.length === 0 ? [] : ["", ...lines];
}

function refusalLine(
  who: string,
  { names = [], sources = [], error = "", files = [] }: RefusalJson,
): string {
  const what = names.map((name, i) => {
    const source = sources[i] ?? "";
    return source === "" ? name : `${name}, made by ${source}`;
  });
  return `${who} ${what.join("; ")}: ${error.trim()}${awaitedFiles(files)}`;
}

/** What proxies refuse, below a table; nothing when they refuse nothing. */
export function refusalLines(proxies: readonly ProxyJson[]): readonly string[] {
  const lines = proxies.flatMap(({ id = "", types = [] }) =>
    types.flatMap(({ shortName = "", lastRefusal }) =>
      lastRefusal === undefined ? [] : refusalLine(`${id} refuses ${shortName}`, lastRefusal),
    ),
  );
  return lines.length === 0 ? [] : ["", ...lines];
}
