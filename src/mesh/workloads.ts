/** All workloads, from what describes them and from the proxies that connected. */
import type { Engine } from "../base/engine.js";
import { Table } from "../base/table.js";
import type { ResourceOf } from "../config/kinds.js";
import type { Proxy } from "./proxy.js";
import { entryWorkload, podWorkload, proxyWorkload, type Workload } from "./workload.js";

/** What tells of workloads; proxies are by their id. */
export interface WorkloadSources {
  readonly pods: Table<ResourceOf<"Pod">>;
  readonly entries: Table<ResourceOf<"WorkloadEntry">>;
  readonly proxies: Table<Proxy>;
}

/** A proxy that stands beside a described workload says that mutual TLS reaches it. */
function withProxy(workload: Workload, proxied: boolean): Workload {
  return proxied && workload.source?.kind === "Pod" && !workload.meshTls
    ? { ...workload, meshTls: true }
    : workload;
}

/** The workloads at one address: the described ones, else one for the proxy that connected from there. */
function workloadsAt(
  described: Table<Workload> | undefined,
  proxies: Table<Proxy> | undefined,
): Table<Workload> {
  if (described !== undefined) {
    const proxied = proxies !== undefined;
    return Table.from([...described].map(([key, one]) => [key, withProxy(one, proxied)] as const));
  }
  const [first] = proxies?.sorted() ?? [];
  if (first === undefined) return Table.empty();
  return Table.from([[`proxy/${first[0]}`, proxyWorkload(first[1])]]);
}

/** The workloads by `pod/...`, `entry/...` or `proxy/...` key. */
export function createWorkloads(engine: Engine): (sources: WorkloadSources) => Table<Workload> {
  const described = engine.derive<
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
  const address = (one: { readonly namespace: string; readonly address: string }) => [
    `${one.namespace}|${one.address}`,
  ];
  const byAddress = engine.group<Workload>("workloads by address", address);
  const proxiesByAddress = engine.group<Proxy>("proxies by address", address);
  const merged = engine.derive<[Table<Workload>, Table<Proxy>], [], Table<Workload>>(
    "workloads at an address",
    (_address, [workloads, proxies]) => workloadsAt(workloads, proxies),
  );
  const all = engine.flatten<Workload>("workloads");
  return ({ pods, entries, proxies }) =>
    all(merged([byAddress(flat(described([pods, entries]))), proxiesByAddress(proxies)]));
}
