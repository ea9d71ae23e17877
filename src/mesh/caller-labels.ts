import { sameElements } from "../base/engine.js";
import type { Table } from "../base/table.js";
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

/** The keys that VirtualServices match callers by, and Telemetry resources select them by. */
export function callerLabels(
  virtualServices: Table<ResourceOf<"VirtualService">>,
  telemetries: Table<ResourceOf<"Telemetry">>,
  rootNamespace: string,
): CallerLabels {
  const everywhere = new Set<string>();
  const byNamespace = new Map<string, Set<string>>();
  virtualServices.forEach((one) => {
    for (const key of sourceLabelKeys(one)) everywhere.add(key);
  });
  telemetries.forEach(({ metadata, spec }) => {
    const keys = Object.keys(spec.selector?.matchLabels ?? {});
    if (keys.length === 0) return;
    const known =
      metadata.namespace === rootNamespace
        ? everywhere
        : (byNamespace.get(metadata.namespace) ?? new Set<string>());
    for (const key of keys) known.add(key);
    if (known !== everywhere) byNamespace.set(metadata.namespace, known);
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
