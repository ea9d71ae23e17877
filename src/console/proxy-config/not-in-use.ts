/** What a proxy was sent and does not use: it waits for something, or was refused. Tables show what is in use alone. */
import { type ConfigDump, sectionOf } from "../config-dump.js";

/** As far as resources are alike here. */
interface Named {
  readonly name?: string;
}

interface Refusal {
  readonly details?: string;
}

const nameOf = (resource: object | undefined): string =>
  (resource as Named | undefined)?.name ?? "";

/** A line for a resource of which the latest version was refused; nothing for one that was not. */
function refused(what: string, { details = "" }: Refusal = {}): readonly string[] {
  return details === "" ? [] : [`${what}: its latest version was refused: ${details.trim()}`];
}

/** A line for each cluster that does not take requests yet, or of which the latest version was refused. */
export function idleClusters(dump: ConfigDump): readonly string[] {
  const { dynamicActiveClusters = [], dynamicWarmingClusters = [] } = sectionOf(
    dump,
    "ClustersConfigDump",
  );
  return [
    ...dynamicWarmingClusters.map(
      ({ cluster }) =>
        `cluster ${nameOf(cluster)} is warming: it waits for its endpoints or its certificate`,
    ),
    ...[...dynamicActiveClusters, ...dynamicWarmingClusters].flatMap(({ cluster, errorState }) =>
      refused(`cluster ${nameOf(cluster)}`, errorState),
    ),
  ];
}

/** A line for each listener that takes no connections yet, or of which the latest version was refused. */
export function idleListeners(dump: ConfigDump): readonly string[] {
  const { dynamicListeners = [] } = sectionOf(dump, "ListenersConfigDump");
  return dynamicListeners.flatMap(({ name = "", warmingState, errorState }) => [
    ...(warmingState === undefined
      ? []
      : [`listener ${name} is warming: it waits for its routes or its certificate`]),
    ...refused(`listener ${name}`, errorState),
  ]);
}

/** A line for each route table of which the latest version was refused. */
export function idleRoutes(dump: ConfigDump): readonly string[] {
  const { dynamicRouteConfigs = [] } = sectionOf(dump, "RoutesConfigDump");
  return dynamicRouteConfigs.flatMap(({ routeConfig, errorState }) =>
    refused(`route table ${nameOf(routeConfig)}`, errorState),
  );
}
