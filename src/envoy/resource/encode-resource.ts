import type { ResourceRef } from "../../config/resource.js";
import { formatViolation, type Violation } from "../check/violation.js";
import { type Built, madeOr } from "./built.js";
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
  const reason = refusal(what, violations, sources);
  return { ...encoded, refusal: fault === undefined ? reason : { ...reason, isFault: true } };
}

/**
 * A resource as it is made; where that ends in an exception, a fault of ours, one that is withheld in its place, as if Envoy would
 * refuse it.
 */
export function madeOrWithheld<Made>(
  encoder: Encoder,
  typeName: string,
  named: Pick<Built<object>, "name" | "sources">,
  make: () => Made,
): Made | EnvoyResource {
  return madeOr(make, (fault) => encodeResource(encoder, typeName, { ...named, json: {}, fault }));
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
