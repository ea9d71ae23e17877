/** DestinationRules that name Secrets. */
import { type Engine, sameElements } from "../base/engine.js";
import type { DestinationRuleSpec } from "../config/kinds/destination-rule.js";
import type { DestinationRule, RulesByHost } from "./destination-rule.js";
import { selects } from "./labels.js";
import type { Proxy } from "./proxy.js";
import { isVisible } from "./visibility.js";

/** The credentials that a rule names. */
export function credentialsIn({ trafficPolicy, subsets = [] }: DestinationRuleSpec): string[] {
  const policies = [trafficPolicy, ...subsets.map((one) => one.trafficPolicy)];
  return policies
    .flatMap((policy) => [policy?.tls, ...(policy?.portLevelSettings ?? []).map(({ tls }) => tls)])
    .flatMap((tls) => tls?.credentialName ?? [])
    .filter((name) => name !== "");
}

/**
 * Whether a proxy takes the credentials of a rule: a gateway those of all rules for it, a sidecar those alone that select
 * its workload. See Istio, ClientTLSSettings.credentialName.
 */
export function appliesCredentials(
  { namespace, exportTo, spec: { workloadSelector } }: DestinationRule,
  proxy: Pick<Proxy, "type" | "namespace" | "labels">,
): boolean {
  if (workloadSelector === undefined) {
    return proxy.type === "router" && isVisible(exportTo, proxy.namespace);
  }
  return namespace === proxy.namespace && selects(workloadSelector.matchLabels ?? {}, proxy.labels);
}

/** Finds the rules that name Secrets; the same list for as long as they are the same. */
export function createCredentialRules(
  engine: Engine,
): (rules: RulesByHost) => readonly DestinationRule[] {
  const named = engine.derive<[readonly DestinationRule[]], [], readonly DestinationRule[]>(
    "rules with credentials",
    (_host, [rules]) => {
      const found = (rules ?? []).filter(({ spec }) => credentialsIn(spec).length > 0);
      return found.length === 0 ? undefined : found;
    },
    sameElements,
  );
  const settle = engine.settle<readonly DestinationRule[]>(sameElements);
  return (rules) =>
    settle(
      named([rules])
        .sorted()
        .flatMap(([, found]) => found),
    );
}
