/** `proxy-config routes`. */
import { compareText } from "../../base/text/compare-text.js";
import type { RouteConfigurationJson, RouteJson, VirtualHostJson } from "../../envoy/api.js";
import { PASSTHROUGH_CLUSTER } from "../../envoy/names.js";
import { endsLoops } from "../../envoy/route/loops.js";
import type { routeSources } from "./known-sources.js";
import { MADE_COLUMNS, madeCells } from "./made-columns.js";
import { describeMatch } from "./route-match.js";
import { sourceResource } from "./source-resource.js";

/**
 * The route tables of that name, or all, in the order of the table: those that are named after ports first. Envoy tells of
 * tables without a name in no order of their own, so they go by their first virtual host.
 */
export function selectRoutes(
  routes: readonly RouteConfigurationJson[],
  name: string | undefined,
): readonly RouteConfigurationJson[] {
  return routes
    .filter((route) => name === undefined || route.name === name)
    .map((route, index) => ({ route, index, port: portOf(route) }))
    .sort(
      (a, b) =>
        a.port - b.port ||
        compareText(inlineName(a.route), inlineName(b.route)) ||
        a.index - b.index,
    )
    .map(({ route }) => route);
}

/** What tells route tables without a name apart; "" for one with a name. */
const inlineName = ({ name = "", virtualHosts = [] }: RouteConfigurationJson): string =>
  name === "" ? (virtualHosts[0]?.name ?? "") : "";

/** The port that a route table is named after; those that are named otherwise come behind all ports. */
function portOf({ name = "" }: RouteConfigurationJson): number {
  return /^\d+$/.test(name) ? Number(name) : Number.MAX_SAFE_INTEGER;
}

/** The table of routes, as rows of cells; the first is the heading. Columns are istioctl's. */
export function routeTable(
  routes: readonly RouteConfigurationJson[],
): readonly (readonly string[])[] {
  const rows = routes.flatMap((table) =>
    (table.virtualHosts ?? []).flatMap((virtualHost) => rowsOf(table.name ?? "", virtualHost)),
  );
  return [["NAME", "VHOST NAME", "DOMAINS", "MATCH", "VIRTUAL SERVICE"], ...rows];
}

/** The same with what made each. */
export function wideRouteTable(
  routes: readonly RouteConfigurationJson[],
  sourcesOf: ReturnType<typeof routeSources>,
): readonly (readonly string[])[] {
  const [heading = []] = routeTable([]);
  const rows = routes.flatMap(({ name: table = "", virtualHosts = [] }) =>
    virtualHosts.flatMap((host) =>
      rowsOf(table, host, (index) =>
        madeCells(sourcesOf(table, hostName(table, host), host, index)),
      ),
    ),
  );
  return [[...heading, ...MADE_COLUMNS], ...rows];
}

/** The short table: how many virtual hosts each route table has. */
export function routeCounts(
  routes: readonly RouteConfigurationJson[],
): readonly (readonly string[])[] {
  return [
    ["NAME", "VIRTUAL HOSTS"],
    ...routes.map(({ name = "", virtualHosts = [] }) => [name, String(virtualHosts.length)]),
  ];
}

function rowsOf(
  table: string,
  virtualHost: VirtualHostJson,
  more: (index: number) => readonly string[] = () => [],
): readonly (readonly string[])[] {
  const { domains = [], routes = [] } = virtualHost;
  const head = [table, hostName(table, virtualHost), describeDomains(domains)];
  if (routes.length === 0) return [[...head, "/*", "404", ...more(0)]];
  return routes.flatMap((route, index) =>
    isPassthrough(route) || endsLoops(route)
      ? []
      : [[...head, describeMatch(route.match), sourceResource(route.metadata), ...more(index)]],
  );
}

/** The name of a virtual host in its table: one that came as a resource of its own is named after its table too. */
const hostName = (table: string, { name = "" }: VirtualHostJson): string =>
  name.startsWith(`${table}/`) ? name.slice(table.length + 1) : name;

const isPassthrough = ({ route }: RouteJson): boolean => route?.cluster === PASSTHROUGH_CLUSTER;

const SHOWN_DOMAINS = 2;

/** The first two domains, and how many more: without those that only add a port or a suffix that another one lacks. */
function describeDomains(domains: readonly string[]): string {
  const [only = ""] = domains;
  if (domains.length < 2) return only;
  const bare = domains.filter((domain) => !hasPort(domain));
  const shown = withoutLongForms(bare.length > 0 ? bare : domains);
  const more = shown.length - SHOWN_DOMAINS;
  return shown.slice(0, SHOWN_DOMAINS).join(", ") + (more > 0 ? ` + ${more} more...` : "");
}

const hasPort = (domain: string): boolean => /:\d+$/.test(domain) || domain.endsWith(":*");

const LONG_FORMS = [".svc.cluster.local", ".svc"];

function withoutLongForms(domains: readonly string[]): readonly string[] {
  const all = new Set(domains);
  return domains.filter(
    (domain) =>
      !LONG_FORMS.some(
        (suffix) => domain.endsWith(suffix) && all.has(domain.slice(0, -suffix.length)),
      ),
  );
}
