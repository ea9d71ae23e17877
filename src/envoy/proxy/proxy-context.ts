/** What of a mesh one proxy is made of: its scope and its locality, by which it is given the parts that it shares with others. */
import type { Engine } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import type { ClientLocalities } from "../../mesh/routing/client-localities.js";
import type { ClientLocality } from "../../mesh/routing/locality-balancing.js";
import { addressKey } from "../../mesh/workload/address-key.js";
import type { Workload } from "../../mesh/workload/workload.js";
import type { ScopeBuilder } from "../outbound/scope-builder.js";
import { type Scopes, type ScopingInputs, scopeOf } from "../outbound/scopes.js";
import type { Patches } from "../patch/patches.js";
import type { MeshContext } from "./mesh-context.js";

/** See the top of this file. */
export interface ProxyContext {
  readonly scope: ScopeBuilder;
  readonly locality: ClientLocality;
  readonly mesh: MeshContext;
  /** The workloads at its address; undefined when none is known there. */
  readonly workloads: Table<Workload> | undefined;
}

/** What contexts are found by. */
export interface ProxyContextDependencies {
  readonly engine: Engine;
  readonly scopes: Scopes;
  readonly patches: Patches;
  readonly localities: ClientLocalities;
  readonly meshContextOf: (mesh: Mesh) => MeshContext;
}

/** Makes a finder for each proxy. The context is the same object until something in it changes. */
export function createProxyContexts({
  engine,
  scopes,
  patches,
  localities,
  meshContextOf,
}: ProxyContextDependencies): (proxy: Proxy) => (mesh: Mesh) => ProxyContext {
  const rowFinder = engine.rowFinder<Table<Workload>>();
  return (proxy) => {
    const workloadsIn = rowFinder(addressKey(proxy));
    const locality = localities.finder(proxy);
    const scope = engine.latestOf("scope", (inputs: ScopingInputs) =>
      scopes.builderFor(scopeOf(inputs, proxy, patches.for(inputs, proxy))),
    );
    const context = engine.latest(
      "context of a proxy",
      (inMesh: MeshContext, workloads: Table<Workload> | undefined): ProxyContext => ({
        scope: scope(inMesh.scoping),
        locality: locality(inMesh.localityLabels, workloads),
        mesh: inMesh,
        workloads,
      }),
    );
    return (mesh) => context(meshContextOf(mesh), workloadsIn(mesh.workloadsByAddress));
  };
}
