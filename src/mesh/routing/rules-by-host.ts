/** The DestinationRules of a mesh by the host that they are for. */
import type { Engine } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import type { ResourceOf } from "../../config/kinds.js";
import type { HostResolver } from "../host-resolver.js";
import {
  type DestinationRule,
  destinationRule,
  orderRules,
  type RulesByHost,
} from "./destination-rule.js";

/** The builder of the rules by host; `exportTo` is whom a rule is for that does not say it. */
export function createRulesByHost(
  engine: Engine,
): (
  table: Table<ResourceOf<"DestinationRule">>,
  resolver: HostResolver,
  exportTo: readonly string[],
) => RulesByHost {
  const read = engine.derive<
    [ResourceOf<"DestinationRule">],
    [HostResolver, readonly string[]],
    DestinationRule
  >("destination rules", (_key, [resource], resolver, exportTo) =>
    resource === undefined ? undefined : destinationRule(resource, resolver, exportTo),
  );
  const byHost = engine.group<DestinationRule>("rules by host", (rule) => [rule.host]);
  const ordered = engine.derive<[Table<DestinationRule>], [], readonly DestinationRule[]>(
    "rules of a host",
    (_host, [rules]) => (rules === undefined ? undefined : orderRules(rules)),
  );
  return (table, resolver, exportTo) => ordered([byHost(read([table], resolver, exportTo))]);
}
