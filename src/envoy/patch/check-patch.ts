/** Whether Envoy's API has what a patch says. */
import type { Path } from "../../config/kind.js";
import type { EnvoyConfigObjectPatch } from "../../config/kinds/envoy-patch.js";
import type { CheckPatch, PatchProblem } from "../../config/references/envoy-patches.js";
import { formatViolation } from "../check/violation.js";
import { EncodeError, type Encoder } from "../encoder.js";
import { isPatchTarget, type PatchTarget, TYPES } from "./compiled-patch.js";

const MERGES = ["MERGE", "MERGE_AND_REPLACE_LIST"];
const INSERTS = ["ADD", "INSERT_BEFORE", "INSERT_AFTER", "INSERT_FIRST"];

/** The operations that change something of what they are applied to. */
const OPERATIONS: Readonly<Record<PatchTarget, readonly string[]>> = {
  LISTENER: ["ADD", "REMOVE", ...MERGES],
  FILTER_CHAIN: ["ADD", "REMOVE", ...MERGES],
  LISTENER_FILTER: [...INSERTS, "REPLACE", "REMOVE"],
  NETWORK_FILTER: [...INSERTS, "REPLACE", "REMOVE", ...MERGES],
  HTTP_FILTER: [...INSERTS, "REPLACE", "REMOVE", ...MERGES],
  ROUTE_CONFIGURATION: MERGES,
  VIRTUAL_HOST: ["ADD", "REPLACE", "REMOVE", ...MERGES],
  HTTP_ROUTE: [...INSERTS, "REMOVE", ...MERGES],
  CLUSTER: ["ADD", "REMOVE", ...MERGES],
  EXTENSION_CONFIG: ["ADD"],
  BOOTSTRAP: [],
};

/** A check by the API of an encoder. */
export const createPatchCheck =
  (encoder: Pick<Encoder, "encode">): CheckPatch =>
  (patch) =>
    operationProblem(patch) ?? filterProblem(patch) ?? valueProblem(encoder, patch);

function operationProblem({
  applyTo,
  match,
  patch,
}: EnvoyConfigObjectPatch): PatchProblem | undefined {
  if (match?.context === "WAYPOINT") {
    return { path: ["match", "context"], message: "there are no waypoints" };
  }
  if (applyTo === "BOOTSTRAP") {
    const message = "a proxy's bootstrap is its own: write it there (see fairlead bootstrap)";
    return { path: ["applyTo"], message };
  }
  const operation = patch?.operation ?? "INVALID";
  if (applyTo === undefined || !isPatchTarget(applyTo)) return undefined;
  const known = OPERATIONS[applyTo];
  if (operation === "INVALID" || known.includes(operation)) return undefined;
  const message = `the operation ${operation} does nothing to a ${applyTo}: one of ${known.join(", ")}`;
  return { path: ["patch", "operation"], message };
}

/** What Istio calls the filters of its own build of Envoy, which a stock one has not. */
const ISTIO_FILTER = /^(istio|mixer)\b|^istio_|^envoy\.filters\.(http|network)\.metadata_exchange$/;

/** A place beside a filter that is nowhere: nothing would be said of it otherwise, for nothing is patched. */
function filterProblem({ match, patch }: EnvoyConfigObjectPatch): PatchProblem | undefined {
  if (patch?.operation === "ADD" || patch?.operation === "INSERT_FIRST") return undefined;
  const path = ["match", "listener", "filterChain", "filter"];
  const { name = "", subFilter } = match?.listener?.filterChain?.filter ?? {};
  const named = subFilter?.name ?? "";
  const missing = [name, named].find((one) => ISTIO_FILTER.test(one));
  if (missing === undefined) return undefined;
  return {
    path: missing === name ? [...path, "name"] : [...path, "subFilter", "name"],
    message: `only Istio's own build of Envoy has the filter "${missing}": name another one`,
  };
}

function valueProblem(
  encoder: Pick<Encoder, "encode">,
  { applyTo, patch }: EnvoyConfigObjectPatch,
): PatchProblem | undefined {
  const { operation = "INVALID", value } = patch ?? {};
  if (applyTo === undefined || !isPatchTarget(applyTo)) return undefined;
  if (value === undefined || operation === "REMOVE") return undefined;
  const path = ["patch", "value"];
  try {
    const { violations = [] } = encoder.encode(TYPES[applyTo], value);
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
      ...(MAYBE_NEWER.test(error.reason) ? {} : { isUnreadable: true }),
    };
  }
}

/** What a newer Envoy may have, or one with other extensions. */
const MAYBE_NEWER = /no field is called|no such type/;

/** The field that the encoder names: one that is not there, or one whose value is wrong. */
function fieldIn(reason: string): string {
  const missing = /no field is called "([^"]+)"/.exec(reason);
  const [, name = ""] = missing ?? /^[\w.]+\.(\w+): /.exec(reason) ?? [];
  return name;
}

/** The way to the member of this name, the last part of a longer one, in either spelling; none when there is none. */
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
