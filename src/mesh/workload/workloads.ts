/** All workloads, from what describes them and from the proxies that connected. */

import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import type { ResourceOf } from "../../config/kinds.js";
import { refOf } from "../../config/resource.js";
import type { Proxy } from "../proxy/proxy.js";
import { addressKey } from "./address-key.js";
import { groupedWorkload, groupOf, runsCommands } from "./group-member.js";
import type { Health } from "./health-probe.js";
import {
  type DeclaredWorkload,
  entryWorkload,
  knownNode,
  namedPorts,
  podWorkload,
  proxyWorkload,
  TLS_MODE_LABEL,
  type Workload,
} from "./workload.js";

/** What says how the pods of a workload are made. */
export interface WorkloadTemplates {
  readonly deployments: Table<ResourceOf<"Deployment">>;
  readonly statefulSets: Table<ResourceOf<"StatefulSet">>;
  readonly daemonSets: Table<ResourceOf<"DaemonSet">>;
}

/** What tells of workloads; proxies are by their id. */
export interface WorkloadSources {
  readonly templates: WorkloadTemplates;
  readonly pods: Table<ResourceOf<"Pod">>;
  readonly entries: Table<ResourceOf<"WorkloadEntry">>;
  readonly groups: Table<ResourceOf<"WorkloadGroup">>;
  readonly proxies: Table<Proxy>;
  /** What is known of the health of the proxies' applications. */
  readonly health: Table<Health>;
}

/**
 * A proxy says whether mutual TLS reaches what is described at its address, unless a label there says it: it does by a
 * sidecar, whatever a Pod says, and not by a gateway, whatever account a WorkloadEntry names. It also says on which node that
 * is, where nothing else does.
 */
function withProxy(workload: Workload, proxy: Workload | undefined): Workload {
  if (proxy === undefined) return workload;
  const { node = proxy.node } = workload;
  const isPod = workload.source?.kind === "Pod";
  const isSaid = workload.labels[TLS_MODE_LABEL] !== undefined;
  const meshTls = isSaid ? workload.meshTls : proxy.meshTls && (isPod || workload.meshTls);
  return meshTls === workload.meshTls && node === workload.node
    ? workload
    : { ...workload, ...knownNode(node), meshTls };
}

/**
 * The workloads at one address: the described ones, else one for each service account whose proxies connected from there.
 * A proxy says itself where it is, so it hides no workload of another service account, and says nothing of one.
 */
function workloadsAt(
  described: Table<Workload> | undefined,
  registered: Table<Workload> | undefined,
): Table<Workload> {
  const byAccount = new Map<string, readonly [string, Workload]>();
  for (const entry of registered?.sorted() ?? []) {
    const [, { serviceAccount }] = entry;
    if (!byAccount.has(serviceAccount)) byAccount.set(serviceAccount, entry);
  }
  if (described === undefined) return Table.from(byAccount.values());
  return Table.from(
    [...described].map(([key, one]) => {
      const [, proxy] = byAccount.get(one.serviceAccount) ?? [];
      return [key, withProxy(one, proxy)];
    }),
  );
}

/** The workloads that Pods and WorkloadEntries describe, by `pod/...` or `entry/...`. */
function createDescribed(
  engine: Engine,
): (sources: Pick<WorkloadSources, "pods" | "entries">) => Table<Workload> {
  const derive = engine.derive<
    [ResourceOf<"Pod">, ResourceOf<"WorkloadEntry">],
    [],
    Table<Workload>
  >("described workloads", (key, [pod, entry]) => {
    const found = [
      ["pod", pod === undefined ? undefined : podWorkload(pod)],
      ["entry", entry === undefined ? undefined : entryWorkload(entry)],
    ] as const;
    return Table.from(
      found.flatMap(([prefix, workload]) =>
        workload === undefined ? [] : [[`${prefix}/${key}`, workload] as const],
      ),
    );
  });
  const flat = engine.flatten<Workload>("described workloads by key");
  return ({ pods, entries }) => flat(derive([pods, entries]));
}

/** What Deployments and the like declare, by `namespace/name`. */
function createDeclared(engine: Engine): (templates: WorkloadTemplates) => Table<DeclaredWorkload> {
  const derive = engine.derive<
    [ResourceOf<"Deployment">, ResourceOf<"StatefulSet">, ResourceOf<"DaemonSet">],
    [],
    DeclaredWorkload
  >(
    "declared workloads",
    (_key, [deployment, statefulSet, daemonSet]) => {
      const declared = deployment ?? statefulSet ?? daemonSet;
      return (
        declared && {
          namedPorts: namedPorts(declared.spec.template.spec),
          source: refOf(declared),
        }
      );
    },
    isDeepStrictEqual,
  );
  return ({ deployments, statefulSets, daemonSets }) =>
    derive([deployments, statefulSets, daemonSets]);
}

type Groups = WorkloadSources["groups"];

/** A proxy, and what is known of its application's health. */
interface Registered {
  readonly proxy: Proxy;
  readonly health: Health | undefined;
}

/** The workloads that proxies are, by `proxy/ID`. */
function createRegistered(
  engine: Engine,
): (
  sources: Pick<WorkloadSources, "proxies" | "health" | "templates" | "groups">,
) => Table<Workload> {
  const declaredOf = createDeclared(engine);
  const withHealth = engine.derive<[Proxy, Health], [], Registered>(
    "health of proxies",
    (_id, [proxy, health]) => proxy && { proxy, health },
  );
  const byWorkload = engine.group<Registered>("proxies by workload", ({ proxy }) => [
    `${proxy.namespace}/${proxy.workloadName}`,
  ]);
  const workloadOf = engine.memo("registered workload", proxyWorkload);
  const inGroup = engine.memo("workload of a group", groupedWorkload);
  const derive = engine.derive<[Table<Registered>, DeclaredWorkload], [Groups], Table<Workload>>(
    "registered workloads",
    (_workload, [proxies, declared], groups) =>
      proxies &&
      Table.from(
        [...proxies].map(([id, { proxy, health }]) => {
          const own = workloadOf(proxy, declared);
          const group = groupOf(proxy, groups);
          return [`proxy/${id}`, inGroup(own, group, health, runsCommands(proxy))] as const;
        }),
      ),
    (a, b) => a.changesFrom(b).length === 0,
  );
  const flat = engine.flatten<Workload>("registered workloads by proxy");
  return ({ proxies, health, templates, groups }) =>
    flat(derive([byWorkload(withHealth([proxies, health])), declaredOf(templates)], groups));
}

/** The workloads by `pod/...`, `entry/...` or `proxy/...` key. */
export function createWorkloads(engine: Engine): (sources: WorkloadSources) => Table<Workload> {
  const describedOf = createDescribed(engine);
  const registeredOf = createRegistered(engine);
  const address = (one: Workload): readonly string[] => [addressKey(one)];
  const described = engine.group<Workload>("described workloads by address", address);
  const registered = engine.group<Workload>("registered workloads by address", address);
  const merged = engine.derive<[Table<Workload>, Table<Workload>], [], Table<Workload>>(
    "workloads at an address",
    (_address, [all, proxied]) => workloadsAt(all, proxied),
  );
  const flat = engine.flatten<Workload>("workloads");
  return (sources) =>
    flat(merged([described(describedOf(sources)), registered(registeredOf(sources))]));
}
