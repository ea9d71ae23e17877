import { formatPath } from "../../config/format-path.js";
import { formatRef } from "../../config/resource.js";
import {
  isOfGatewayApi,
  type MadePart,
  pathOfPart,
  type VirtualServiceResource,
} from "../../mesh/made-of.js";
import type { Analyzer, Report } from "../analyzer.js";
import type { AnalyzedKindName } from "../kinds.js";

/** A part of a route of the Gateway API, and another one that gets all that it is for. */
interface Hidden {
  readonly part: MadePart;
  readonly by: MadePart;
  readonly host: string;
}

/** Rules of routes of the Gateway API whose requests or connections all go to another rule. */
export const unreachableMatchAnalyzer: Analyzer = {
  name: "k8sgateway.UnreachableMatchAnalyzer",
  description: "whether another route of the Gateway API takes all that a match is for",
  *analyze({ resources, made }) {
    const told = new Set<string>();
    const routes = made()
      .VirtualService.sorted()
      .map(([, one]) => one);
    for (const { part, by, host } of routes.filter(isOfGatewayApi).flatMap(hiddenIn)) {
      const { kind, namespace, name } = part.ref;
      // Each kind of route is one that analyzers know.
      const resource = resources.find(kind as AnalyzedKindName, namespace, name);
      const id = `${formatRef(part.ref)} ${part.path}`;
      if (resource === undefined || told.has(id)) continue;
      told.add(id);
      yield { resource, ...describe({ part, by, host }) };
    }
  },
};

function describe({ part, by, host }: Hidden): Omit<Report, "resource"> {
  const other = `${formatRef(by.ref)} ${formatPath(pathOfPart(by.path))}`;
  const message = `nothing for host ${host} is left to this: ${other} takes the same, and comes before it`;
  return { code: "unreachable-match", path: pathOfPart(part.path), message };
}

/** The routes of a VirtualService behind one with the same match; of connections, all but the first of a server name. */
function hiddenIn(virtualService: VirtualServiceResource): readonly Hidden[] {
  const { hosts = [], http = [], tls = [], tcp = [] } = virtualService.spec;
  const matches = [
    ...http.map(({ match }) => match),
    ...tls.map(({ match }) => match),
    ...tcp.map(({ match = [] }) => match),
  ].map((match) => JSON.stringify(match));
  const parts = virtualService.madeOf ?? [];
  return matches.flatMap((match, index): readonly Hidden[] => {
    const first = matches.indexOf(match);
    const part = parts[index];
    const by = parts[first];
    if (first === index || part === undefined || by === undefined) return [];
    return [{ part, by, host: hosts[0] ?? "*" }];
  });
}
