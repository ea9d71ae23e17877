/** The extensions that a call passes. What they do is not known; that it may be anything has to be said. */
import { Engine } from "../../base/engine/engine.js";
import { failsOpen, layerOf } from "../../envoy/extension/extension-filter.js";
import { createExtensionFinder, type Extension } from "../../mesh/extension/extensions.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { Hop } from "../../simulator/journey.js";
import { extensionState, stateText } from "../extension-state.js";
import type { Step } from "./explanation.js";
import { sourceAt } from "./provenance.js";
import type { Scene } from "./scene.js";

/** A step for each extension in the filter chain that takes the call, in the order in which it passes them. */
export function extensionSteps(scene: Scene, { peer, walk: { passed } }: Hop): readonly Step[] {
  const filters = [...(passed.chain?.filters ?? []), ...(passed.manager?.httpFilters ?? [])];
  const proxy = scene.proxies.find(({ id }) => id === peer.id);
  if (proxy === undefined) return [];
  const { extensions, config } = scene.mesh;
  const all = createExtensionFinder(new Engine()).of(extensions, config.rootNamespace, proxy);
  return filters
    .flatMap(({ name }) => all.find((one) => one.name === name) ?? [])
    .map((one) => ({
      about: "extension",
      says: outcomeOf(scene.mesh, one),
      sources: [sourceAt(scene, { ref: one.source, path: one.path })],
    }));
}

const PASSES = "may change the call, or answer it";

function outcomeOf(mesh: Mesh, extension: Extension): string {
  const state = extensionState(mesh, extension);
  const text = stateText(state);
  if (text === undefined) return PASSES;
  if (state.state !== "failed") return `${PASSES}: ${text}`;
  if (failsOpen(extension)) return `passed by, ${text}`;
  const end = layerOf(extension) === "HTTP" ? "answers with 503" : "ends the connection";
  return `${end}, ${text}`;
}
