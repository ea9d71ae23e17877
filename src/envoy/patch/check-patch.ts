/** Checks a patch of an EnvoyFilter against Envoy's API: whether it can have an effect, and what is wrong where it cannot. */

import { typeNameIn } from "../../base/protobuf/type-url.js";
import { didYouMean } from "../../base/text/closest-word.js";
import type { Path } from "../../config/kind.js";
import type { EnvoyConfigObjectPatch } from "../../config/kinds/networking/envoy-patch.js";
import type { CheckPatch, PatchProblem } from "../../config/references/envoy-patches.js";
import { formatViolation } from "../check/violation.js";
import { EncodeError, type Encoder } from "../resource/encoder.js";
import { isPatchTarget, type PatchTarget, TYPES } from "./compiled-patch.js";
import { knownFields } from "./known-fields.js";
import { isOfOtherBuild } from "./other-builds.js";

const MERGES = ["MERGE", "MERGE_AND_REPLACE_LIST"];
const INSERTS = ["ADD", "INSERT_BEFORE", "INSERT_AFTER", "INSERT_FIRST"];

/** The operations that change something of what they are applied to. */
const OPERATIONS: Readonly<Record<PatchTarget, readonly string[]>> = {
  LISTENER: [...INSERTS, "REMOVE", ...MERGES],
  FILTER_CHAIN: [...INSERTS, "REMOVE", ...MERGES],
  LISTENER_FILTER: [...INSERTS, "REPLACE", "REMOVE", ...MERGES],
  NETWORK_FILTER: [...INSERTS, "REPLACE", "REMOVE", ...MERGES],
  HTTP_FILTER: [...INSERTS, "REPLACE", "REMOVE", ...MERGES],
  ROUTE_CONFIGURATION: MERGES,
  VIRTUAL_HOST: [...INSERTS, "REPLACE", "REMOVE", ...MERGES],
  HTTP_ROUTE: [...INSERTS, "REMOVE", ...MERGES],
  CLUSTER: [...INSERTS, "REMOVE", ...MERGES],
  EXTENSION_CONFIG: INSERTS,
  BOOTSTRAP: ["MERGE"],
};

/** Makes the check, by the API that an encoder knows; it returns the first problem that it finds. */
export const createPatchCheck =
  (encoder: Pick<Encoder, "encode" | "registry">): CheckPatch =>
  (patch) =>
    operationProblem(patch) ??
    filterProblem(patch) ??
    typeProblem(encoder, patch) ??
    valueProblem(encoder, patch) ??
    partProblem(patch) ??
    fieldProblem(encoder, patch);

function operationProblem({
  applyTo,
  match,
  patch,
}: EnvoyConfigObjectPatch): PatchProblem | undefined {
  if (match?.context === "WAYPOINT") {
    return {
      path: ["match", "context"],
      message: "nothing is patched in the context WAYPOINT: this mesh has no waypoints",
    };
  }
  const operation = patch?.operation ?? "INVALID";
  if (applyTo === undefined || !isPatchTarget(applyTo)) return undefined;
  const known = OPERATIONS[applyTo];
  if (operation === "INVALID" || known.includes(operation)) return undefined;
  const message = `the operation ${operation} does nothing to a ${applyTo}: use one of ${known.join(", ")}`;
  return { path: ["patch", "operation"], message };
}

/** What Istio calls the filters of its own build of Envoy, which a stock one has not. */
const ISTIO_FILTER = /^(istio|mixer)\b|^istio_|^envoy\.filters\.(http|network)\.metadata_exchange$/;

/**
 * A patch that is to be made at a filter which a stock Envoy does not have. It would change nothing, and nobody would be told.
 */
function filterProblem({ match, patch }: EnvoyConfigObjectPatch): PatchProblem | undefined {
  if (patch?.operation === "ADD" || patch?.operation === "INSERT_FIRST") return undefined;
  const path = ["match", "listener", "filterChain", "filter"];
  const { name = "", subFilter } = match?.listener?.filterChain?.filter ?? {};
  const named = subFilter?.name ?? "";
  const missing = [name, named].find((one) => ISTIO_FILTER.test(one));
  if (missing === undefined) return undefined;
  return {
    path: missing === name ? [...path, "name"] : [...path, "subFilter", "name"],
    message: `a stock Envoy does not have the filter "${missing}", only Istio's own build has: name another filter`,
  };
}

/** A type that neither Envoy's API nor that of another build has. Istio refuses a patch that names a type which it does not know. */
function typeProblem(
  { registry }: Pick<Encoder, "registry">,
  { patch }: EnvoyConfigObjectPatch,
): PatchProblem | undefined {
  const found = typesIn(patch?.value, ["patch", "value"]).find(
    ({ name }) => registry.getMessage(name) === undefined && !isOfOtherBuild(name),
  );
  if (found === undefined) return undefined;
  const { path, name } = found;
  const names = Array.from(registry, ({ typeName }) => typeName);
  const message = `Envoy's API has no type ${name}${didYouMean(name, names)}`;
  return { path, message, isUnreadable: true };
}

interface NamedType {
  readonly path: Path;
  readonly name: string;
}

/** The types that a value names by "@type". What is in a Struct is data, whatever its fields are called. */
function typesIn(value: unknown, path: Path): readonly NamedType[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([field, member]): readonly NamedType[] => {
    const at = [...path, Array.isArray(value) ? Number(field) : field];
    if (field === "@type") return [{ path: at, name: typeNameIn(String(member)) }];
    const isData = field === "value" && String((value as Typed)["@type"]).endsWith("Struct");
    return isData ? [] : typesIn(member, at);
  });
}

interface Typed {
  readonly "@type"?: unknown;
}

/** The value of a patch and its message type; undefined of a patch without a value, and of a removal. */
function valueOf({
  applyTo,
  patch,
}: EnvoyConfigObjectPatch): { readonly type: string; readonly value: object } | undefined {
  const { operation, value } = patch ?? {};
  if (applyTo === undefined || !isPatchTarget(applyTo)) return undefined;
  if (value === undefined || operation === "REMOVE") return undefined;
  return { type: TYPES[applyTo], value };
}

/** The first field that Envoy's API does not have. Such fields are left out, and the rest of the patch is applied. */
function fieldProblem(
  { registry }: Pick<Encoder, "registry">,
  patch: EnvoyConfigObjectPatch,
): PatchProblem | undefined {
  const { type = "", value = {} } = valueOf(patch) ?? {};
  const [first, ...others] = knownFields(registry, type, value).unknown;
  if (first === undefined) return undefined;
  const name = String(first.path.at(-1));
  const more = others.length === 0 ? "" : `, nor ${String(others.length)} others of the patch`;
  return {
    path: ["patch", "value", ...first.path],
    message: `Envoy's API has no field called "${name}" here${didYouMean(name, first.fields)}${more}`,
    isPartial: true,
  };
}

function valueProblem(
  encoder: Pick<Encoder, "encode" | "registry">,
  patch: EnvoyConfigObjectPatch,
): PatchProblem | undefined {
  const written = valueOf(patch);
  if (written === undefined) return undefined;
  const { type } = written;
  const { value } = knownFields(encoder.registry, type, written.value);
  const operation = patch.patch?.operation ?? "INVALID";
  const path = ["patch", "value"];
  try {
    const { violations = [] } = encoder.encode(type, value);
    const [first] = violations;
    // What is merged need not be whole by itself.
    if (first === undefined || MERGES.includes(operation)) return undefined;
    return {
      path: [...path, ...nearest(value, first.path)],
      message: `Envoy would refuse it: ${formatViolation(first)}`,
    };
  } catch (error) {
    if (!(error instanceof EncodeError)) throw error;
    return {
      path: [...path, ...nearest(value, fieldIn(error.reason))],
      message: error.reason,
      ...(error.reason.includes(MAYBE_NEWER) ? {} : { isUnreadable: true }),
    };
  }
}

/** A part of a patch that has no effect: beside the rest of it, or as it is written. */
function partProblem({
  applyTo = "INVALID",
  patch,
}: EnvoyConfigObjectPatch): PatchProblem | undefined {
  const { operation = "INVALID", value = {} } = patch ?? {};
  const path = ["patch", "value"];
  const names = Object.keys(value);
  if (FILTERS.includes(applyTo)) {
    if (PUTS.includes(operation) && !names.some((name) => CONFIGS.has(spelt(name)))) {
      const message =
        "Envoy cannot tell from the name alone which filter this is: add a typed_config";
      return { path, message };
    }
    const other = names.find((name) => spelt(name) !== "name" && spelt(name) !== "typedconfig");
    if (!MERGES.includes(operation) || other === undefined) return undefined;
    const message = `${other} is ignored: only the name and the typed_config of a filter can be merged`;
    return { path: [...path, other], message, isPartial: true };
  }
  const socket = names.find((name) => spelt(name) === "transportsocket");
  const other = names.find((name) => name !== socket);
  if (!MERGES.includes(operation) || socket === undefined || other === undefined) return undefined;
  const message = `${other} is ignored where the ${socket} is merged: put it in a patch of its own`;
  return { path: [...path, other], message, isPartial: true };
}

const PUTS = [...INSERTS, "REPLACE"];
const FILTERS: readonly string[] = ["LISTENER_FILTER", "NETWORK_FILTER", "HTTP_FILTER"];
/** The fields that say how a filter is configured. */
const CONFIGS: ReadonlySet<string> = new Set(["typedconfig", "configdiscovery"]);

/** What the encoder says of a type that it does not know; a newer Envoy, or one with other extensions, may know it. */
const MAYBE_NEWER = "no such type";

/** The name of the field that is wrong, as the encoder's message begins with it; `""` where it names none. */
function fieldIn(reason: string): string {
  return /^[\w.]+\.(\w+): /.exec(reason)?.[1] ?? "";
}

/** The path in a value to the first member called as the last part of a dotted name, in either spelling; empty when there is none. */
function nearest(value: unknown, name: string): Path {
  const wanted = spelt(name.split(".").at(-1) ?? "");
  return wanted === "" ? [] : (find(value, wanted) ?? []);
}

function find(value: unknown, wanted: string): Path | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, member] of Object.entries(value)) {
    const step = Array.isArray(value) ? Number(name) : name;
    if (spelt(name) === wanted) return [step];
    const below = find(member, wanted);
    if (below !== undefined) return [step, ...below];
  }
  return undefined;
}

/** `connect_timeout` and `connectTimeout` are one field. */
const spelt = (name: string): string => name.replaceAll("_", "").toLowerCase();
