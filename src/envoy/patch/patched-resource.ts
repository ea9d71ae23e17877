/** Resources as EnvoyFilters change them: what no longer is what Envoy takes stays as it was. */
import { isDeepStrictEqual } from "node:util";
import { formatViolation, type Violation } from "../check/violation.js";
import { clusterNames } from "../resource/cluster-names.js";
import { encodeChecked } from "../resource/encode-checked.js";
import type { Encoded, Encoder } from "../resource/encoder.js";
import type { EnvoyResource, Refusal } from "../resource/resource-set.js";
import { type CompiledPatch, type PatchTarget, TYPES } from "./compiled-patch.js";
import type { PatchContext, PatchesByTarget } from "./patch-message.js";
import { type PatchTrace, placeOfPatch } from "./patch-trace.js";

/** Told of a patch that changes something. */
export type NoteEffect = (patch: CompiledPatch) => void;

/** What patches are made with. */
export interface Patcher {
  readonly encoder: Encoder;
  readonly noteEffect: NoteEffect;
}

/** How patches change a message; undefined when they remove it. */
export type Change<Json> = (json: Json, context: PatchContext) => Json | undefined;

/** A message after some patches, encoded, and those that are not in it. */
export interface Patched<Json> {
  readonly json: Json;
  readonly encoded: Encoded;
  /** Those that are in it, whether or not they change anything. */
  readonly kept: readonly CompiledPatch[];
  readonly leftOut: readonly Refusal[];
}

/**
 * A message after patches. When Envoy would refuse it then, each patch that spoils it is left out, alone. undefined when
 * it is removed.
 */
export function patchMessage<Json extends object>(
  encoder: Encoder,
  { type, what, json }: { readonly type: string; readonly what: string; readonly json: Json },
  patches: readonly CompiledPatch[],
  change: Change<Json>,
): Patched<Json> | undefined {
  const attempt = (some: readonly CompiledPatch[]): Attempt<Json> => {
    const context = { registry: encoder.registry, patches: byTarget(some) };
    const result = change(json, context);
    return result === undefined
      ? { removed: true, problems: [] }
      : { removed: false, json: result, ...tryEncode(encoder, type, result) };
  };
  const all = attempt(patches);
  if (all.removed) return undefined;
  if (all.encoded !== undefined) {
    return { json: all.json, encoded: all.encoded, kept: patches, leftOut: [] };
  }
  let best: Patched<Json> | undefined;
  const leftOut: Refusal[] = [];
  for (const patch of patches) {
    const kept = [...(best?.kept ?? []), patch];
    const next = attempt(kept);
    if (next.removed) return undefined;
    if (next.encoded === undefined) leftOut.push(spoiling(what, patch, next.problems));
    else best = { json: next.json, encoded: next.encoded, kept, leftOut };
  }
  return best ?? { json, encoded: encodeChecked(encoder, type, json), kept: [], leftOut };
}

type Attempt<Json> =
  | { readonly removed: true; readonly problems: readonly Violation[] }
  | {
      readonly removed: false;
      readonly json: Json;
      readonly encoded: Encoded | undefined;
      readonly problems: readonly Violation[];
    };

function tryEncode(
  encoder: Encoder,
  type: string,
  json: object,
): { readonly encoded: Encoded | undefined; readonly problems: readonly Violation[] } {
  const encoded = encodeChecked(encoder, type, json);
  const { violations } = encoded;
  return violations === undefined
    ? { encoded, problems: [] }
    : { encoded: undefined, problems: violations };
}

/** Why a patch is left out of something. */
function spoiling(what: string, patch: CompiledPatch, violations: readonly Violation[]): Refusal {
  const problem = violations.map(formatViolation).slice(0, 1).join("");
  return {
    reason: `${what}: Envoy would refuse it with this patch: ${problem}`,
    violations,
    sources: [patch.source],
    path: placeOfPatch(patch).path,
  };
}

/** Patches by what they are applied to. */
export function byTarget(patches: readonly CompiledPatch[]): PatchesByTarget {
  const groups = Object.keys(TYPES).map((target) => [
    target,
    patches.filter((patch) => patch.target === (target as PatchTarget)),
  ]);
  return Object.fromEntries(groups) as PatchesByTarget;
}

/** A resource after patches: the same object when they change nothing of it. */
export function patchResource<Json extends object>(
  { encoder, noteEffect }: Patcher,
  resource: EnvoyResource,
  { type, word, fields, change }: ResourceKind<Json>,
  patches: readonly CompiledPatch[],
): EnvoyResource | undefined {
  if (patches.length === 0 || resource.refusal !== undefined) return resource;
  const json = encoder.decode(type, resource.bytes) as Json;
  const what = `${word} ${resource.name}`;
  const patched = patchMessage(encoder, { type, what, json }, patches, change);
  // What was joined from parts has another version than the same encoded whole.
  const isSame =
    patched?.encoded.version === resource.version || isDeepStrictEqual(patched?.json, json);
  if (isSame && patched?.leftOut.length === 0) return resource;
  const effects = effective(encoder, json, change, patches);
  effects.forEach(noteEffect);
  if (patched === undefined) return undefined;
  const { encoded, kept } = patched;
  const leftOut = [...(resource.leftOut ?? []), ...patched.leftOut];
  const made = effects.filter((patch) => kept.includes(patch));
  return {
    name: resource.name,
    ...encoded,
    ...fields(patched.json, json),
    ...(resource.chains === undefined ? {} : { chains: resource.chains }),
    ...(resource.standsFor === undefined ? {} : { standsFor: resource.standsFor }),
    ...patchedSources(resource, {
      patches: made.toReversed(),
      after: replay(encoder, type, change, () => encoder.decode(type, resource.bytes) as Json),
    }),
    ...(leftOut.length === 0 ? {} : { leftOut }),
  };
}

/** Those of some patches that change a message, by themselves or after the others; where there is one, that is it. */
export function effective<Json extends object>(
  { registry }: Encoder,
  json: Json,
  change: Change<Json>,
  patches: readonly CompiledPatch[],
): readonly CompiledPatch[] {
  if (patches.length < 2) return patches;
  const after = (some: readonly CompiledPatch[]): Json | undefined =>
    change(json, { registry, patches: byTarget(some) });
  const all = after(patches);
  return patches.filter(
    (patch) =>
      !isDeepStrictEqual(after([patch]), json) ||
      !isDeepStrictEqual(after(patches.filter((one) => one !== patch)), all),
  );
}

/** What some patches make of a message, which is read anew each time: it is seldom asked for. */
export function replay<Json extends object>(
  encoder: Encoder,
  type: string,
  change: Change<Json>,
  read: () => Json,
): PatchTrace["after"] {
  return (some) => {
    const json = change(read(), { registry: encoder.registry, patches: byTarget(some) });
    const encoded = json && tryEncode(encoder, type, json).encoded;
    return encoded && encoder.decode(type, encoded.bytes);
  };
}

/** The last patch is the first to blame for what was right before. */
export function patchedSources(
  { sources = [] }: Pick<EnvoyResource, "sources">,
  patched: PatchTrace,
): Pick<EnvoyResource, "sources" | "sourcePath" | "patched"> {
  const [last] = patched.patches;
  if (last === undefined) return { sources };
  const refs = patched.patches.map(({ source }) => source);
  return {
    sources: [...new Set([...refs, ...sources])],
    sourcePath: placeOfPatch(last).path,
    patched,
  };
}

/** Of what a patch makes: without the patch it is not. */
export const tracedTo = (patch: CompiledPatch, json: object): PatchTrace => ({
  patches: [patch],
  after: (some) => (some.includes(patch) ? json : undefined),
});

/** What there is to know of a type of resource to patch it. */
export interface ResourceKind<Json> {
  readonly type: string;
  /** What people call it. */
  readonly word: string;
  /** What of other resources it stands on; `before` is what it was without patches, absent of what a patch adds. */
  readonly fields: (json: Json, before?: Json) => Partial<EnvoyResource>;
  readonly change: Change<Json>;
}

/** A resource that a patch adds; undefined when it has no name. */
export function addedResource<Json extends object>(
  encoder: Encoder,
  { type, fields }: ResourceKind<Json>,
  patch: CompiledPatch,
): EnvoyResource | undefined {
  const { value } = patch;
  const { name } = value;
  if (typeof name !== "string" || name === "") return undefined;
  const { bytes, version, violations } = encoder.encode(type, value);
  if (violations !== undefined) return undefined;
  return {
    name,
    bytes,
    version,
    ...fields(value as Json),
    ...patchedSources({}, tracedTo(patch, value)),
  };
}

/** Of a listener or virtual host: the clusters to which it sends traffic. */
export const withClusters = (json: object): Partial<EnvoyResource> => ({
  clusters: clusterNames(json),
});
