/** Bootstraps as the EnvoyFilters of some files change them. */
import { readDescriptors } from "../../app/package-files.js";
import type { Diagnostic } from "../../base/diagnostic.js";
import { Engine } from "../../base/engine/engine.js";
import { meshConfigIn } from "../../config/mesh-config/mesh-config.js";
import type { ConfigSnapshot, ResourceTables } from "../../config/snapshot.js";
import type { Bootstrap } from "../../envoy/bootstrap/bootstrap.js";
import { refusalDiagnostics } from "../../envoy/diagnostics/refusals.js";
import { bootstrapPatches, patchBootstrap } from "../../envoy/patch/patch-bootstrap.js";
import { createEncoder, type Encoder } from "../../envoy/resource/encoder.js";
import {
  createEnvoyFilters,
  createEnvoyPatches,
  type EnvoyPatches,
} from "../../mesh/extension/envoy-filters.js";
import { type NodeFields, parseNode } from "../../mesh/proxy/proxy.js";

/** A bootstrap, and what is wrong with patches that are not in it. */
export interface FilteredBootstrap {
  readonly bootstrap: Bootstrap;
  readonly diagnostics: readonly Diagnostic[];
}

/** Changes a bootstrap as the EnvoyFilters say that are for its node. */
export type FilterBootstrap = (
  snapshot: Pick<ConfigSnapshot, "tables" | "locate">,
  bootstrap: Bootstrap,
) => Promise<FilteredBootstrap>;

/** Envoy's API is read when there is a patch, and once: it takes longer than all the rest. */
export function createBootstrapFilter(): FilterBootstrap {
  let encoder: Promise<Encoder> | undefined;
  return async (snapshot, bootstrap) => {
    const patches = patchesFor(snapshot.tables, bootstrap);
    if (patches.length === 0) return { bootstrap, diagnostics: [] };
    encoder ??= readDescriptors().then(createEncoder);
    const patched = patchBootstrap(await encoder, bootstrap, patches);
    const diagnostics = refusalDiagnostics(patched.leftOut, snapshot);
    return { bootstrap: patched.bootstrap, diagnostics };
  };
}

/** The patches of the bootstrap of a node. */
export function patchesFor(tables: ResourceTables, { node }: Bootstrap): EnvoyPatches {
  if (tables.EnvoyFilter.size === 0) return [];
  const proxy = parseNode(node as NodeFields);
  if ("invalid" in proxy) return [];
  const { rootNamespace } = meshConfigIn(tables);
  const engine = new Engine({ memo: false });
  const filters = createEnvoyFilters(engine)(tables.EnvoyFilter);
  return bootstrapPatches(createEnvoyPatches(engine).of(filters, rootNamespace, proxy));
}
