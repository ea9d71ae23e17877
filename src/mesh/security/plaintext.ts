/**
 * Services and workloads that are called in plaintext because a PeerAuthentication disables mutual TLS for them.
 *
 * Nothing else that PeerAuthentications say concerns callers. So this is found here, in tables of its own: an edit that disables
 * mutual TLS nowhere changes nothing that callers hold.
 */
import type { Engine } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import type { Service } from "../service/service.js";
import { serviceKey } from "../workload/service-endpoints.js";
import type { Workload } from "../workload/workload.js";
import {
  type AppliedAuthentication,
  appliedAuthentication,
  hasDisabled,
  isSameAuthentication,
  namespaceMode,
  type PeerAuthentications,
  workloadMode,
} from "./peer-authentication.js";

/** Of the workloads of a host those that are called in plaintext on some port, with what says on which. */
export type PlaintextWorkloads = ReadonlyMap<Workload, AppliedAuthentication>;

/** See the top of this file. */
export interface Plaintext {
  /** By host, the services (by `serviceKey`) of namespaces that are called in plaintext as a whole. */
  readonly plaintextServices: Table<ReadonlySet<string>>;
  /** By host. */
  readonly plaintextWorkloads: Table<PlaintextWorkloads>;
}

/** Who may be called: all services and their workloads, by host and then by `serviceKey`. */
interface Called {
  readonly servicesByHost: Table<Table<Service>>;
  readonly endpoints: Table<Table<readonly Workload[]>>;
}

/** Whether a workload is called in plaintext on a port on which it listens. */
export function isPlaintext(
  workloads: PlaintextWorkloads | undefined,
  workload: Workload,
  port: number,
): boolean {
  const applied = workloads?.get(workload);
  return applied !== undefined && workloadMode(applied, port) === "DISABLE";
}

/** The builder of these. */
export function createPlaintext(
  engine: Engine,
): (policies: PeerAuthentications, called: Called) => Plaintext {
  const disabling = engine.latestOf("who switches mutual TLS off", disablingOf);
  const services = engine.derive<[Table<Service>], [Disabling], ReadonlySet<string>>(
    "services in plaintext",
    (_host, [group], policies) => group && policies && plaintextServicesOf(group, policies),
    (a, b) => a.size === b.size && [...a].every((key) => b.has(key)),
  );
  const workloads = engine.derive<[Table<readonly Workload[]>], [Disabling], PlaintextWorkloads>(
    "workloads in plaintext",
    (_host, [group], policies) => group && policies && plaintextWorkloadsOf(group, policies),
    isSameWorkloads,
  );
  return (policies, { servicesByHost, endpoints }) => ({
    plaintextServices: services([servicesByHost], disabling(policies)),
    plaintextWorkloads: workloads([endpoints], disabling(policies)),
  });
}

/** Policies of which some switch mutual TLS off; undefined when none does, which is the same for all such. */
type Disabling = PeerAuthentications | undefined;

function disablingOf(policies: PeerAuthentications): Disabling {
  const all = [...policies.namespaces.values(), ...[...policies.workloads.values()].flat()];
  return all.some(hasDisabled) ? policies : undefined;
}

function plaintextServicesOf(
  group: Table<Service>,
  policies: PeerAuthentications,
): ReadonlySet<string> | undefined {
  const found = [...group.values()].filter(
    ({ namespace }) => namespaceMode(policies, namespace) === "DISABLE",
  );
  return found.length === 0 ? undefined : new Set(found.map(serviceKey));
}

function plaintextWorkloadsOf(
  group: Table<readonly Workload[]>,
  policies: PeerAuthentications,
): PlaintextWorkloads | undefined {
  const found = new Map<Workload, AppliedAuthentication>();
  for (const workload of [...group.values()].flat()) {
    const applied = appliedAuthentication(policies, workload);
    if (isDisabling(applied)) found.set(workload, applied);
  }
  return found.size === 0 ? undefined : found;
}

const isDisabling = ({ selecting, whole }: AppliedAuthentication): boolean =>
  [selecting, whole].some((policy) => policy !== undefined && hasDisabled(policy));

function isSameWorkloads(a: PlaintextWorkloads, b: PlaintextWorkloads): boolean {
  return (
    a.size === b.size &&
    [...a].every(([workload, applied]) => {
      const other = b.get(workload);
      return other !== undefined && isSameAuthentication(applied, other);
    })
  );
}
