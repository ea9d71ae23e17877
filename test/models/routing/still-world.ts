/** What stays as it is in all worlds: who answers, and who calls. */
import type { Caller, Workload, World } from "./objects.js";

const workload = (name: string, namespace: string, version?: string): Workload => ({
  name: version === undefined ? `${name}-0` : `${name}-${version}-0`,
  namespace,
  labels: version === undefined ? { app: name } : { app: name, version },
});

/** Those who answer: two services of one short name, one of a namespace alone, and hosts that ServiceEntries name. */
export const WORKLOADS: readonly Workload[] = [
  workload("shop", "a", "v1"),
  workload("shop", "a", "v2"),
  workload("shop", "b", "v1"),
  workload("shop", "b", "v2"),
  workload("cart", "a"),
  workload("outside", "a"),
  workload("outside", "b"),
];

/** Those who call. */
export const CALLERS = {
  a: { namespace: "a", labels: { app: "caller" } },
  b: { namespace: "b", labels: { app: "caller" } },
  gateway: { namespace: "edge", labels: { istio: "ingress" } },
} as const satisfies Readonly<Record<string, Caller>>;

export type CallerName = keyof typeof CALLERS;

/** Where a workload is called. */
export const podAddress = ({ workloads }: World, workload: Workload): string =>
  `10.0.2.${workloads.indexOf(workload) + 1}`;
