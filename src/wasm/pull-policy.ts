/** When a module that is there already is fetched anew, in Istio's words. */
import { parseImageReference } from "./image-reference.js";

/** What a plugin says of the module. */
export interface PulledModule {
  readonly url: string;
  readonly sha256: string;
  readonly imagePullPolicy?: string;
}

const LATEST = "latest";

/**
 * Whether it is whenever the plugin is written anew: what the URL leads to may be another one by then, and the plugin wants that. One
 * of a digest is never another one.
 */
export function isPulledAnew({ imagePullPolicy, ...module }: PulledModule): boolean {
  if (isPinned(module)) return false;
  if (imagePullPolicy === "Always") return true;
  if (imagePullPolicy === "IfNotPresent") return false;
  const image = parseImageReference(module.url);
  return image === undefined || image.tag === LATEST;
}

/** Whether what is meant can be but one. */
export function isPinned({ url, sha256 }: PulledModule): boolean {
  return sha256 !== "" || parseImageReference(url)?.digest !== undefined;
}
