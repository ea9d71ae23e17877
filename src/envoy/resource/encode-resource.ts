import type { ResourceRef } from "../../config/resource.js";
import { formatViolation, type Violation } from "../check/violation.js";
import type { MadeListener } from "../listener/made-chain.js";
import type { Built } from "./built.js";
import { clusterNames } from "./cluster-names.js";
import { encodeChecked, notBuilt } from "./encode-checked.js";
import type { Encoder } from "./encoder.js";
import { MESSAGE } from "./message-types.js";
import type { EnvoyResource, Refusal } from "./resource-set.js";

/** What people call a resource of a type. */
const WORDS: Readonly<Record<string, string>> = {
  [MESSAGE.cluster]: "cluster",
  [MESSAGE.endpoint]: "endpoints",
  [MESSAGE.listener]: "listener",
  [MESSAGE.route]: "routes",
  [MESSAGE.virtualHost]: "virtual host",
  [MESSAGE.secret]: "secret",
  [MESSAGE.extensionConfig]: "extension",
};

/** Encodes a resource, which knows the configuration that made it. One that Envoy would refuse says why. */
export function encodeResource(
  encoder: Encoder,
  typeName: string,
  { name, json, sources, fault }: Built<object>,
): EnvoyResource {
  const { bytes, version, violations } =
    fault === undefined ? encodeChecked(encoder, typeName, json) : notBuilt(encoder, fault);
  const encoded = { name, bytes, version, sources };
  if (violations === undefined) return encoded;
  const what = `${WORDS[typeName] ?? typeName} ${name}`;
  return { ...encoded, refusal: refusal(what, violations, sources) };
}

/** The same of a listener, which also knows what made its filter chains, and where they lead. */
export function encodeListener(
  encoder: Encoder,
  { json, chains }: MadeListener,
  sources: readonly ResourceRef[],
): EnvoyResource {
  return {
    ...encodeResource(encoder, MESSAGE.listener, { name: json.name ?? "", json, sources }),
    clusters: clusterNames(json),
    chains,
  };
}

/** Why something is not sent that Envoy would refuse. */
function refusal(
  what: string,
  violations: readonly Violation[],
  sources: readonly ResourceRef[],
): Refusal {
  const [first] = violations;
  const problem = first === undefined ? "" : formatViolation(first);
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : "";
  return { reason: `${what}: ${problem}${more}`, violations, sources };
}
