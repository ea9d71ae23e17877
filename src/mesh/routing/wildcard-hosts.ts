import { type Engine, sameElements } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import { compareSpecificity, isWildcard } from "../hostname.js";

/** The finder of what stands at wildcards among hosts, the most specific host first; the same list while these stay. */
export function createWildcardHosts<V>(
  engine: Engine,
  name: string,
): (byHost: Table<readonly V[]>) => readonly V[] {
  const wildcards = engine.derive<[readonly V[]], [], readonly V[]>(
    name,
    (host, [list]) => (isWildcard(host) ? list : undefined),
    sameElements,
  );
  const inOrder = engine.latestOf(`${name} in order`, (lists: Table<readonly V[]>): readonly V[] =>
    [...lists].sort(([a], [b]) => compareSpecificity(a, b)).flatMap(([, list]) => list),
  );
  return (byHost) => inOrder(wildcards([byHost]));
}
