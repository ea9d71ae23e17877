import { sameElements } from "../base/engine.js";
import type { Table } from "../base/table.js";
import type { PolicySelector } from "../config/kinds/selectors.js";
import type { ResourceOf } from "../config/kinds.js";
import type { Labels } from "./labels.js";

/**
 * Which labels of a caller its outbound configuration depends on. Callers of a namespace that agree in these share all of
 * it, so only what some resource really asks for may tell them apart.
 */
export interface CallerLabels {
  /** Keys asked for whatever the caller's namespace, sorted. */
  readonly everywhere: readonly string[];
  /** Keys asked for in one namespace alone, sorted. */
  readonly byNamespace: ReadonlyMap<string, readonly string[]>;
}

function sourceLabelKeys({ spec }: ResourceOf<"VirtualService">): readonly string[] {
  const matches = [
    ...(spec.http ?? []).flatMap((route) => route.match ?? []),
    ...(spec.tls ?? []).flatMap((route) => route.match),
    ...(spec.tcp ?? []).flatMap((route) => route.match ?? []),
  ];
  return matches.flatMap((match) => Object.keys(match.sourceLabels ?? {}));
}

/** The keys that VirtualServices match callers by, and Telemetry resources and DestinationRules select them by. */
export function callerLabels(
  virtualServices: Table<ResourceOf<"VirtualService">>,
  telemetries: Table<ResourceOf<"Telemetry">>,
  rules: Table<ResourceOf<"DestinationRule">>,
  rootNamespace: string,
): CallerLabels {
  const everywhere = new Set<string>();
  const byNamespace = new Map<string, Set<string>>();
  virtualServices.forEach((one) => {
    for (const key of sourceLabelKeys(one)) everywhere.add(key);
  });
  const addOf = (namespace: string, selector: PolicySelector | undefined): void => {
    const keys = Object.keys(selector?.matchLabels ?? {});
    if (keys.length === 0) return;
    byNamespace.set(namespace, new Set([...(byNamespace.get(namespace) ?? []), ...keys]));
  };
  telemetries.forEach(({ metadata, spec }) => {
    if (metadata.namespace !== rootNamespace) addOf(metadata.namespace, spec.selector);
    else for (const key of Object.keys(spec.selector?.matchLabels ?? {})) everywhere.add(key);
  });
  rules.forEach(({ metadata, spec }) => {
    addOf(metadata.namespace, spec.workloadSelector);
  });
  return {
    everywhere: [...everywhere].sort(),
    byNamespace: new Map([...byNamespace].map(([name, keys]) => [name, [...keys].sort()])),
  };
}

/** Whether two say the same. */
export function sameCallerLabels(a: CallerLabels, b: CallerLabels): boolean {
  return (
    sameElements(a.everywhere, b.everywhere) &&
    a.byNamespace.size === b.byNamespace.size &&
    [...a.byNamespace].every(([name, keys]) => sameElements(keys, b.byNamespace.get(name) ?? []))
  );
}

/** The labels of a caller that count, sorted by key. */
export function relevantLabels(
  labels: Labels,
  namespace: string,
  { everywhere, byNamespace }: CallerLabels,
): Labels {
  const keys = new Set([...everywhere, ...(byNamespace.get(namespace) ?? [])]);
  return Object.fromEntries(
    [...keys].sort().flatMap((key) => {
      const value = labels[key];
      return value === undefined ? [] : [[key, value]];
    }),
  );
}
