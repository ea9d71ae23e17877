/** DestinationRules that name Secrets, or ConfigMaps in their place. */
import { type Engine, sameElements } from "../base/engine.js";
import { isConfigMapCredential } from "../config/kinds/client-tls-settings.js";
import type { DestinationRuleSpec } from "../config/kinds/destination-rule.js";
import type { DestinationRule, RulesByHost } from "./destination-rule.js";
import { selects } from "./labels.js";
import type { Proxy } from "./proxy.js";
import { isVisible } from "./visibility.js";

/** The credentials that a rule names. */
function credentialsIn({ trafficPolicy, subsets = [] }: DestinationRuleSpec): string[] {
  const policies = [trafficPolicy, ...subsets.map((one) => one.trafficPolicy)];
  return policies
    .flatMap((policy) => [policy?.tls, ...(policy?.portLevelSettings ?? []).map(({ tls }) => tls)])
    .flatMap((tls) => tls?.credentialName ?? [])
    .filter((name) => name !== "");
}

/**
 * The credentials that a proxy takes from a rule: a gateway all of a rule for it, a sidecar Secrets from rules alone that
 * select its workload, and ConfigMaps, in which nothing is secret. See Istio, ClientTLSSettings.credentialName.
 */
export function credentialsFor(
  { namespace, exportTo, spec }: DestinationRule,
  proxy: Pick<Proxy, "type" | "namespace" | "labels">,
): readonly string[] {
  const { workloadSelector } = spec;
  const all = credentialsIn(spec);
  if (workloadSelector !== undefined) {
    const isOwn = namespace === proxy.namespace;
    return isOwn && selects(workloadSelector.matchLabels ?? {}, proxy.labels) ? all : [];
  }
  if (!isVisible(exportTo, proxy.namespace)) return [];
  return proxy.type === "router" ? all : all.filter(isConfigMapCredential);
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
