/** What a proxy was sent and does not use: it waits for something, or was refused. Tables show what is in use alone. */
import { type ConfigDump, sectionOf } from "./config-dump.js";

/** A line for each cluster that does not take requests yet. */
export function idleClusters(dump: ConfigDump): readonly string[] {
  const { dynamicWarmingClusters = [] } = sectionOf(dump, "ClustersConfigDump");
  return dynamicWarmingClusters.map(({ cluster }) => {
    const { name = "" } = (cluster ?? {}) as { readonly name?: string };
    return `cluster ${name} is warming: it waits for its endpoints or its certificate`;
  });
}

/** A line for each listener that takes no connections yet, or of which the latest version was refused. */
export function idleListeners(dump: ConfigDump): readonly string[] {
  const { dynamicListeners = [] } = sectionOf(dump, "ListenersConfigDump");
  return dynamicListeners.flatMap(({ name = "", warmingState, errorState }) => [
    ...(warmingState === undefined
      ? []
      : [`listener ${name} is warming: it waits for its routes or its certificate`]),
    ...(errorState?.details === undefined
      ? []
      : [`listener ${name}: its latest version was refused: ${errorState.details.trim()}`]),
  ]);
}
