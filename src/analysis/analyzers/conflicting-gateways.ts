import { formatLabels } from "../../base/text/format-labels.js";
import type { TextMap } from "../../config/kinds/value/fields.js";
import type { AnalysisContext, Analyzer, Report } from "../analyzer.js";
import { type AnalyzedOf, fullName } from "../resources.js";

type Gateway = AnalyzedOf<"Gateway">;

/** By port, then by Gateway: the hosts of the servers, each at the address that it is bound to. */
type PortHosts = Map<number, Map<Gateway, ReadonlySet<string>>>;

/** The servers of all Gateways with the same selector. */
interface SelectorGroup {
  readonly selector: TextMap;
  readonly ports: PortHosts;
}

/** Gateways of the same workloads that serve the same host at the same port. */
export const conflictingGatewayAnalyzer: Analyzer = {
  name: "gateway.ConflictingGatewayAnalyzer",
  description: "whether two Gateways of the same workloads serve the same host at the same port",
  *analyze(context) {
    const gateways = context.resources.all("Gateway");
    const groups = groupBySelector(gateways);
    const shared = sharedGroups(groups, context);
    for (const gateway of gateways) {
      yield* analyzeGateway(gateway, shared(formatLabels(gateway.spec.selector ?? {})));
    }
  },
};

type Groups = ReadonlyMap<string, SelectorGroup>;

function groupBySelector(gateways: readonly Gateway[]): Groups {
  const groups = new Map<string, SelectorGroup>();
  for (const gateway of gateways) {
    const { selector = {}, servers = [] } = gateway.spec;
    const text = formatLabels(selector);
    const group: SelectorGroup = groups.get(text) ?? { selector, ports: new Map() };
    groups.set(text, group);
    for (const { port, hosts = [], bind = "" } of servers) {
      const number = port?.number ?? 0;
      const byGateway = group.ports.get(number) ?? new Map<Gateway, ReadonlySet<string>>();
      group.ports.set(number, byGateway);
      const before = byGateway.get(gateway) ?? [];
      byGateway.set(gateway, new Set([...before, ...hosts.map((host) => boundHost(host, bind))]));
    }
  }
  return groups;
}

/** A host at an address. */
function boundHost(host: string, bind: string): string {
  return `${host} ${bind}`;
}

/** For a selector the groups with workloads in common: those of the same labels, or of some of them that one workload has. */
function sharedGroups(
  groups: Groups,
  { workloads }: AnalysisContext,
): (selector: string) => readonly SelectorGroup[] {
  const known = new Map<string, readonly SelectorGroup[]>();
  return (text) => {
    const found =
      known.get(text) ??
      [...groups].flatMap(([otherText, other]) => {
        const own = groups.get(text);
        if (own === undefined) return [];
        if (otherText === text) return [other];
        const overlaps = otherText.includes(text) || text.includes(otherText);
        const both = { ...own.selector, ...other.selector };
        const isConsistent = Object.entries(own.selector).every(([k, v]) => both[k] === v);
        const isShared = overlaps && isConsistent && workloads.selected(both).length > 0;
        return isShared ? [other] : [];
      });
    known.set(text, found);
    return found;
  };
}

function* analyzeGateway(gateway: Gateway, groups: readonly SelectorGroup[]): Iterable<Report> {
  const reported = new Set<string>();
  for (const [index, { port, hosts = [], bind = "" }] of (gateway.spec.servers ?? []).entries()) {
    const number = port?.number ?? 0;
    const others = groups
      .flatMap(({ ports }) => [...(ports.get(number) ?? [])])
      .filter(([other, theirs]) => {
        return other !== gateway && hosts.some((host) => theirs.has(boundHost(host, bind)));
      })
      .map(([other]) => fullName(other))
      .sort();
    if (others.length === 0) continue;
    const selector = formatLabels(gateway.spec.selector ?? {});
    const which = selector === "" ? "" : `, of workloads with ${selector}`;
    const message =
      `${others.join(", ")} has hosts of this server at port ${number} too${which}: only one of the two is served; ` +
      "give each host to one Gateway";
    const key = `${message} ${hosts.join(",")}`;
    if (reported.has(key)) continue;
    reported.add(key);
    yield {
      resource: gateway,
      code: "IST0145",
      path: ["spec", "servers", index, "hosts"],
      message,
    };
  }
}
