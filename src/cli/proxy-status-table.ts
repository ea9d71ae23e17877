/** Tables of proxies, with the columns of istioctl 1.29. */
import type {
  ControlPlaneJson,
  ProxyJson,
  RefusalJson,
  TypeSyncJson,
} from "../../gen/types/fairlead/debug/v1/debug_pb.js";
import { columns } from "../base/columns.js";

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

const versionOf = ({ istioVersion }: ProxyJson): string => istioVersion ?? "";

/** NAME, CLUSTER, ISTIOD, VERSION and the types that each proxy asked for. */
export function subscriptionTable(
  proxies: readonly ProxyJson[],
  { id: controlPlane = "" }: ControlPlaneJson,
): readonly string[] {
  const rows = proxies.map((proxy) => {
    const types = (proxy.types ?? []).map(({ shortName = "" }) => shortName);
    const subscribed = `${types.length} (${types.join(",")})`;
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
export function statusTable(
  proxies: readonly ProxyJson[],
  { id: controlPlane = "" }: ControlPlaneJson,
  now: number,
): readonly string[] {
  const rows = proxies.map((proxy) => {
    const types = new Map((proxy.types ?? []).map((type) => [type.shortName, type]));
    const cells = STATUS_COLUMNS.map((name) => statusCell(types.get(name), now));
    return [proxy.id ?? "", proxy.clusterId ?? "", ...cells, controlPlane, versionOf(proxy)];
  });
  return columns([["NAME", "CLUSTER", ...STATUS_COLUMNS, "ISTIOD", "VERSION"], ...rows], GAP);
}

function refusalLine(who: string, { names = [], sources = [], error = "" }: RefusalJson): string {
  const what = names.map((name, i) => {
    const source = sources[i] ?? "";
    return source === "" ? name : `${name}, made by ${source}`;
  });
  return `${who} ${what.join("; ")}: ${error.trim()}`;
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
