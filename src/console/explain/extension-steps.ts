/** The extensions that a call passes. What they do is not known; that it may be anything has to be said. */
import { Engine } from "../../base/engine/engine.js";
import { formatRef } from "../../config/resource.js";
import { failsOpen, layerOf } from "../../envoy/extension/extension-filter.js";
import { createExtensionFinder, type Extension } from "../../mesh/extension/extensions.js";
import type { Ending } from "../../simulator/ending.js";
import type { Arrival, Branch, Hop, Journey } from "../../simulator/journey.js";
import { type ExtensionState, extensionState, stateText } from "../extension-state.js";
import type { Step } from "./explanation.js";
import { sourceAt } from "./provenance.js";
import type { Scene } from "./scene.js";

/** A step for each extension in the filter chain that takes the call, in the order in which it passes them. */
export function extensionSteps(scene: Scene, hop: Hop): readonly Step[] {
  return passedExtensions(scene, hop).map(({ extension, state }) => ({
    about: "extension",
    says: outcomeOf(extension, state),
    sources: [sourceAt(scene, { ref: extension.source, path: extension.path })],
  }));
}

/** What extensions have to do for a call to go on from a proxy, which nobody knows who looks at the configuration. */
export function extensionConditions(scene: Scene, hop: Hop): readonly string[] {
  if (isRefused(hop)) return [];
  const passed = passedExtensions(scene, hop);
  const end = passed.findIndex(isBlocking);
  return passed
    .slice(0, end < 0 ? passed.length : end)
    .filter(({ state }) => state.state !== "failed")
    .map(({ extension }) => `${formatRef(extension.source)} lets it pass`);
}

/** A journey as it ends at the first extension that nothing passes, as its module cannot be had. */
export function endedByExtensions(scene: Scene, journey: Journey): Journey {
  const { hop, branches } = journey;
  const ending = endingAt(scene, hop);
  return ending === undefined
    ? { ...journey, branches: branches.map((one) => branchEnded(scene, one)) }
    : { hop, branches: [], ending };
}

function branchEnded(scene: Scene, branch: Branch): Branch {
  return { ...branch, arrivals: branch.arrivals.map((one) => arrivalEnded(scene, one)) };
}

function arrivalEnded(scene: Scene, arrival: Arrival): Arrival {
  const { hop, branches } = arrival;
  const ending = hop && endingAt(scene, hop);
  return ending === undefined
    ? { ...arrival, branches: branches.map((one) => branchEnded(scene, one)) }
    : { ...arrival, branches: [], ending };
}

const isRefused = ({ verdicts }: Hop): boolean => verdicts.some(({ isAllowed }) => !isAllowed);

/** Where policies refuse the call, too, that is what is told. */
function endingAt(scene: Scene, hop: Hop): Ending | undefined {
  if (isRefused(hop)) return undefined;
  const blocking = passedExtensions(scene, hop).find(isBlocking);
  if (blocking === undefined) return undefined;
  const { extension, state } = blocking;
  const reason = `${formatRef(extension.source)} is ${stateText(state) ?? ""}`;
  const closed = { isAnswered: false, flags: [], reason };
  return layerOf(extension) === "HTTP" ? { ...closed, status: 503 } : closed;
}

/** An extension, and whether it has what it runs. */
interface PassedExtension {
  readonly extension: Extension;
  readonly state: ExtensionState;
}

const isBlocking = ({ extension, state }: PassedExtension): boolean =>
  state.state === "failed" && !failsOpen(extension);

function passedExtensions(
  { mesh, proxies }: Scene,
  { peer, walk: { passed } }: Hop,
): readonly PassedExtension[] {
  const filters = [...(passed.chain?.filters ?? []), ...(passed.manager?.httpFilters ?? [])];
  const proxy = proxies.find(({ id }) => id === peer.id);
  if (proxy === undefined) return [];
  const { extensions, config } = mesh;
  const all = createExtensionFinder(new Engine()).of(extensions, config.rootNamespace, proxy);
  return filters
    .flatMap(({ name }) => all.find((one) => one.name === name) ?? [])
    .map((extension) => ({ extension, state: extensionState(mesh, extension) }));
}

const PASSES = "may change the call, or answer it";

function outcomeOf(extension: Extension, state: ExtensionState): string {
  const text = stateText(state);
  if (text === undefined) return PASSES;
  if (state.state !== "failed") return `${PASSES}: ${text}`;
  if (failsOpen(extension)) return `passed by, ${text}`;
  const end = layerOf(extension) === "HTTP" ? "answers with 503" : "ends the connection";
  return `${end}, ${text}`;
}
