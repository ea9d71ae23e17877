/** DestinationRules that name Secrets, or ConfigMaps or files in their place. */
import { type Engine, sameElements } from "../../base/engine/engine.js";
import {
  type ClientTLSSettings,
  isConfigMapCredential,
} from "../../config/kinds/networking/destination-rule/client-tls-settings.js";
import type { DestinationRuleSpec } from "../../config/kinds/networking/destination-rule/destination-rule.js";
import { isVisible } from "../../config/visibility.js";
import { selects } from "../labels.js";
import type { Proxy } from "../proxy/proxy.js";
import type { DestinationRule, RulesByHost } from "../routing/destination-rule.js";

/** What a rule says of TLS, for all ports, single ones and subsets. */
export function clientTlsIn({
  trafficPolicy,
  subsets = [],
}: DestinationRuleSpec): readonly ClientTLSSettings[] {
  const policies = [trafficPolicy, ...subsets.map((one) => one.trafficPolicy)];
  return policies
    .flatMap((policy) => [policy?.tls, ...(policy?.portLevelSettings ?? []).map(({ tls }) => tls)])
    .filter((tls) => tls !== undefined);
}

/** The credentials that a rule names. */
function credentialsIn(spec: DestinationRuleSpec): readonly string[] {
  return clientTlsIn(spec)
    .map(({ credentialName = "" }) => credentialName)
    .filter((name) => name !== "");
}

/** Whether a rule names files with certificates. */
const namesFiles = (spec: DestinationRuleSpec): boolean =>
  clientTlsIn(spec).some(
    ({ clientCertificate = "", caCertificates = "" }) =>
      clientCertificate !== "" || caCertificates !== "",
  );

/** Whether a rule is for a proxy: those with a selector are for workloads of their own namespace. */
export function isRuleFor(
  { namespace, exportTo, spec: { workloadSelector } }: DestinationRule,
  proxy: Pick<Proxy, "namespace" | "labels">,
): boolean {
  if (workloadSelector === undefined) return isVisible(exportTo, proxy.namespace);
  return namespace === proxy.namespace && selects(workloadSelector.matchLabels ?? {}, proxy.labels);
}

/**
 * The credentials that a proxy takes from a rule: a gateway all of a rule for it, a sidecar Secrets from rules alone that
 * select its workload, and ConfigMaps, in which nothing is secret. See Istio, ClientTLSSettings.credentialName.
 */
export function credentialsFor(
  rule: DestinationRule,
  proxy: Pick<Proxy, "type" | "namespace" | "labels">,
): readonly string[] {
  if (!isRuleFor(rule, proxy)) return [];
  const all = credentialsIn(rule.spec);
  const isSelected = rule.spec.workloadSelector !== undefined;
  return isSelected || proxy.type === "router" ? all : all.filter(isConfigMapCredential);
}

/** Finds the rules that name Secrets or files; the same list for as long as they are the same. */
export function createCredentialRules(
  engine: Engine,
): (rules: RulesByHost) => readonly DestinationRule[] {
  const named = engine.derive<[readonly DestinationRule[]], [], readonly DestinationRule[]>(
    "rules with credentials",
    (_host, [rules]) => {
      const found = (rules ?? []).filter(
        ({ spec }) => credentialsIn(spec).length > 0 || namesFiles(spec),
      );
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
