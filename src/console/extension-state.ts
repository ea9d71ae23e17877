import type { Extension } from "../mesh/extension/extensions.js";
import { moduleKey, moduleReference } from "../mesh/extension/wasm-modules.js";
import type { Mesh } from "../mesh/mesh.js";

/** Whether an extension has what it runs. */
export type ExtensionState =
  /** A module on the machine of a proxy is taken to be there. */
  | { readonly state: "runs" }
  | { readonly state: "awaited" }
  | { readonly state: "failed"; readonly problem: string };

/** The state of an extension in a mesh. */
export function extensionState(
  { wasmModules }: Pick<Mesh, "wasmModules">,
  { source, runs }: Extension,
): ExtensionState {
  const reference = "wasm" in runs ? moduleReference(source.namespace, runs.wasm) : undefined;
  if (reference === undefined) return { state: "runs" };
  const module = wasmModules.get(moduleKey(reference));
  if (module === undefined) return { state: "awaited" };
  return module.state === "failed" ? module : { state: "runs" };
}

/** What people are told of an extension that does not run; undefined of one that does. */
export function stateText(state: ExtensionState): string | undefined {
  switch (state.state) {
    case "runs":
      return undefined;
    case "awaited":
      return "its module is not fetched yet";
    case "failed":
      return `without its module: ${state.problem}`;
  }
}
