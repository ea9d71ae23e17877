import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../../base/engine.js";
import type { Table } from "../../base/table.js";
import { isSubsetOfHost } from "../kinds/dns-names.js";
import type { ResourceOf } from "../kinds.js";
import type { MeshConfig } from "../mesh-config.js";
import type { ResourceTables } from "../snapshot.js";
import { type Exported, exportedAs, isVisible } from "./exports.js";
import { hostsOf } from "./host-names.js";

interface RuleSubsets extends Exported {
  readonly host: string;
  readonly subsets: readonly string[];
}

/** The subsets that there are, and who sees them. Another object only when these are others. */
export interface SubsetRegistry {
  /** The rules with subsets, by each host that theirs may stand for. */
  readonly byHost: ReadonlyMap<string, readonly RuleSubsets[]>;
  /** The rules with subsets whose host is a wildcard. */
  readonly wildcards: readonly RuleSubsets[];
}

/** The subsets of some resources, found anew only for what changed. */
export function createSubsetRegistry(
  engine: Engine,
): (tables: ResourceTables, config: MeshConfig) => SubsetRegistry {
  const rules = engine.derive("known subsets", subsetsOfRule, isDeepStrictEqual);
  const registry = engine.memo("subset registry", registryOf);
  return (tables, { defaultDestinationRuleExportTo }) =>
    registry(rules([tables.DestinationRule], defaultDestinationRuleExportTo.join(",")));
}

function subsetsOfRule(
  _key: string,
  [rule]: readonly [ResourceOf<"DestinationRule"> | undefined],
  byDefault: string,
): RuleSubsets | undefined {
  const { host, subsets = [], exportTo } = rule?.spec ?? {};
  if (rule === undefined || host === undefined || subsets.length === 0) return undefined;
  return {
    host,
    subsets: subsets.map(({ name }) => name),
    ...exportedAs(rule.metadata.namespace, exportTo, byDefault.split(",")),
  };
}

function registryOf(rules: Table<RuleSubsets>): SubsetRegistry {
  const byHost = new Map<string, RuleSubsets[]>();
  for (const rule of rules.values()) {
    for (const host of hostsOf(rule.host, rule.namespace)) {
      const others = byHost.get(host);
      if (others === undefined) byHost.set(host, [rule]);
      else others.push(rule);
    }
  }
  return { byHost, wildcards: [...rules.values()].filter(({ host }) => host.startsWith("*")) };
}

/** The names of the subsets of a host that `namespace` sees; the host is a full name. */
export function subsetsOf(
  { byHost, wildcards }: SubsetRegistry,
  host: string,
  namespace: string,
): readonly string[] {
  const rules = [
    ...(byHost.get(host) ?? []),
    ...wildcards.filter((rule) => rule.host !== host && isSubsetOfHost(host, rule.host)),
  ];
  return rules.filter((rule) => isVisible(rule, namespace)).flatMap(({ subsets }) => subsets);
}
