/** The position of a proxy in the mesh: its scope and its place, by which it is given the parts that many proxies share. */

import type { Engine } from "../../base/engine.js";
import type { Table } from "../../base/table.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import type { Places } from "../../mesh/routing/client-localities.js";
import type { Place } from "../../mesh/routing/locality-balancing.js";
import { addressKey } from "../../mesh/workload/address-key.js";
import type { Workload } from "../../mesh/workload/workload.js";
import type { ScopeBuilder } from "../outbound/scope-builder.js";
import { type Scopes, type ScopingInputs, scopeOf } from "../outbound/scopes.js";
import type { Patches } from "../patch/patches.js";
import type { Surroundings } from "./mesh-context.js";

/** See the top of this file. */
export interface Position {
  readonly scope: ScopeBuilder;
  readonly place: Place;
  readonly around: Surroundings;
  /** The workloads at its address; undefined when none is known there. */
  readonly workloads: Table<Workload> | undefined;
}

/** What finding positions depends on. */
export interface PositionDependencies {
  readonly engine: Engine;
  readonly scopes: Scopes;
  readonly patches: Patches;
  readonly places: Places;
  readonly surroundingsOf: (mesh: Mesh) => Surroundings;
}

/** Makes a finder for each proxy. The position is the same object until something in it changes. */
export function createPositions({
  engine,
  scopes,
  patches,
  places,
  surroundingsOf,
}: PositionDependencies): (proxy: Proxy) => (mesh: Mesh) => Position {
  const rowFinder = engine.rowFinder<Table<Workload>>();
  return (proxy) => {
    const workloadsIn = rowFinder(addressKey(proxy));
    const place = places.finder(proxy);
    const scope = engine.latestOf("scope", (inputs: ScopingInputs) =>
      scopes.builderFor(scopeOf(inputs, proxy, patches.for(inputs, proxy))),
    );
    const position = engine.latest(
      "position of a proxy",
      (around: Surroundings, workloads: Table<Workload> | undefined): Position => ({
        scope: scope(around.scoping),
        place: place(around.placing, workloads),
        around,
        workloads,
      }),
    );
    return (mesh) => position(surroundingsOf(mesh), workloadsIn(mesh.workloadsByAddress));
  };
}
