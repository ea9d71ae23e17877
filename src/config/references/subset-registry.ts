import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import { isSubsetOfHost } from "../kinds/value/dns-names.js";
import type { ResourceOf } from "../kinds.js";
import type { MeshConfig } from "../mesh-config/mesh-config.js";
import type { ResourceTables } from "../snapshot.js";
import { isVisible, parseExportTo, type Visibility } from "../visibility.js";
import { hostsOf } from "./host-names.js";

/** The subsets of a DestinationRule that has some, and who sees them. */
export interface RuleSubsets {
  readonly host: string;
  /** That of the rule. */
  readonly namespace: string;
  readonly visibility: Visibility;
  readonly subsets: readonly string[];
}

/** The rules with subsets. */
export interface SubsetRegistry {
  /** By each host that theirs may stand for, the rules by their keys. */
  readonly byHost: Table<Table<RuleSubsets>>;
  /** Those whose host is a wildcard. */
  readonly wildcards: Table<RuleSubsets>;
}

/** The subsets of some resources, found anew only for what changed. */
export function createSubsetRegistry(
  engine: Engine,
): (tables: ResourceTables, config: MeshConfig) => SubsetRegistry {
  const rules = engine.derive("known subsets", subsetsOfRule, isDeepStrictEqual);
  const byHost = engine.group("known subsets by host", (rule: RuleSubsets) =>
    hostsOf(rule.host, rule.namespace),
  );
  const wildcards = engine.derive(
    "known subsets of wildcards",
    (_key, [rule]: readonly [RuleSubsets | undefined]) =>
      rule?.host.startsWith("*") === true ? rule : undefined,
  );
  return (tables, { defaultDestinationRuleExportTo }) => {
    const known = rules([tables.DestinationRule], defaultDestinationRuleExportTo.join(","));
    return { byHost: byHost(known), wildcards: wildcards([known]) };
  };
}

function subsetsOfRule(
  _key: string,
  [rule]: readonly [ResourceOf<"DestinationRule"> | undefined],
  byDefault: string,
): RuleSubsets | undefined {
  const { host, subsets = [], exportTo } = rule?.spec ?? {};
  if (rule === undefined || host === undefined || subsets.length === 0) return undefined;
  const { namespace } = rule.metadata;
  return {
    host,
    namespace,
    visibility: parseExportTo(exportTo, namespace, byDefault.split(",")),
    subsets: subsets.map(({ name }) => name),
  };
}

/** The names of the subsets of a host, which is a full name, that a viewer sees: by these rules of it, and by wildcards. */
export function subsetsOf(
  rules: Table<RuleSubsets> | undefined,
  wildcards: SubsetRegistry["wildcards"],
  { host, viewers }: { readonly host: string; readonly viewers: readonly string[] },
): readonly string[] {
  const wider = [...wildcards.values()].filter(
    (rule) => rule.host !== host && isSubsetOfHost(host, rule.host),
  );
  return [...(rules?.values() ?? []), ...wider]
    .filter(({ visibility }) => viewers.some((viewer) => isVisible(visibility, viewer)))
    .flatMap(({ subsets }) => subsets);
}
