import type { Finding, KindDefinition, Path } from "../../kind.js";
import type { ConfigResource } from "../../resource.js";
import {
  list,
  mapOf,
  NonEmptyText,
  oneOf,
  optional,
  strict,
  Text,
  type ValueOf,
} from "../value/fields.js";
import { each, type Findings, given, invalid, refuse } from "../value/findings.js";
import { notApplied } from "../value/unapplied.js";
import {
  checkReference,
  checkSectionName,
  GATEWAY_API_GROUP,
  hostnameProblem,
  preciseHostnameProblem,
} from "./names.js";

/** The Service whose servers speak TLS themselves, or one port of it. */
export type PolicyTarget = ValueOf<typeof PolicyTarget>;
const PolicyTarget = strict({
  group: Text,
  kind: NonEmptyText,
  name: NonEmptyText,
  sectionName: optional(NonEmptyText),
});

const SubjectAltName = strict({
  type: oneOf("Hostname", "URI"),
  hostname: optional(Text),
  uri: optional(Text),
});

/** How the servers are verified. */
export type BackendTlsValidation = ValueOf<typeof BackendTlsValidation>;
const BackendTlsValidation = strict({
  caCertificateRefs: optional(
    list(strict({ group: Text, kind: NonEmptyText, name: NonEmptyText }), 8),
  ),
  wellKnownCACertificates: optional(NonEmptyText),
  hostname: NonEmptyText,
  subjectAltNames: optional(list(SubjectAltName, 5)),
});

/** That callers of Services speak TLS with them, and how. */
export type BackendTlsPolicySpec = ValueOf<typeof BackendTlsPolicySpec>;
const BackendTlsPolicySpec = strict({
  targetRefs: list(PolicyTarget, 16),
  validation: BackendTlsValidation,
  options: optional(mapOf(Text, 16)),
});

/** The BackendTLSPolicy of Kubernetes' Gateway API. */
export const backendTlsPolicy = {
  kind: "BackendTLSPolicy",
  group: GATEWAY_API_GROUP,
  versions: ["v1", "v1alpha3"],
  shortNames: ["btlspolicy"],
  body: "spec",
  schema: BackendTlsPolicySpec,
  check: (resource: ConfigResource<BackendTlsPolicySpec>): readonly Finding[] => [
    ...checkPolicy(resource),
  ],
} as const satisfies KindDefinition<BackendTlsPolicySpec>;

function* checkPolicy({ spec }: ConfigResource<BackendTlsPolicySpec>): Findings {
  const { targetRefs, validation, options } = spec;
  if (targetRefs.length === 0) yield invalid(["spec", "targetRefs"], "a policy needs a target");
  yield* each(targetRefs, ["spec", "targetRefs"], checkTarget);
  yield* checkTwice(targetRefs, ["spec", "targetRefs"]);
  yield* checkValidation(validation, ["spec", "validation"]);
  if (Object.keys(options ?? {}).length > 0) {
    yield notApplied(["spec", "options"], "an option of a BackendTLSPolicy");
  }
}

function* checkTarget(target: PolicyTarget, path: Path): Findings {
  yield* checkReference(target, path);
  yield* given(target.sectionName, [...path, "sectionName"], checkSectionName);
}

/** Of targets of one name each says which port it means, each port once. */
function* checkTwice(targets: readonly PolicyTarget[], path: Path): Findings {
  for (const [index, target] of targets.entries()) {
    const same = targets.filter((one) => nameOf(one) === nameOf(target));
    if (same.length < 2) continue;
    if (target.sectionName === undefined) {
      yield invalid([...path, index], "a target that is named again needs a sectionName");
    } else if (same.find(({ sectionName }) => sectionName === target.sectionName) !== target) {
      yield invalid([...path, index], "the same part of the same target is named before");
    }
  }
}

const nameOf = ({ group, kind, name }: PolicyTarget): string => JSON.stringify([group, kind, name]);

function* checkValidation(validation: BackendTlsValidation, path: Path): Findings {
  const { caCertificateRefs = [], wellKnownCACertificates, hostname, subjectAltNames } = validation;
  yield* each(caCertificateRefs, [...path, "caCertificateRefs"], checkReference);
  yield* refuse([...path, "hostname"], preciseHostnameProblem(hostname));
  yield* each(subjectAltNames, [...path, "subjectAltNames"], checkSubjectAltName);
  if (caCertificateRefs.length > 0 && wellKnownCACertificates !== undefined) {
    yield invalid(
      [...path, "wellKnownCACertificates"],
      "servers are verified by caCertificateRefs or by wellKnownCACertificates, not by both",
    );
  }
  if (caCertificateRefs.length === 0 && wellKnownCACertificates === undefined) {
    yield invalid(path, "servers are verified by caCertificateRefs or wellKnownCACertificates");
  }
}

function* checkSubjectAltName(
  { type, hostname, uri }: ValueOf<typeof SubjectAltName>,
  path: Path,
): Findings {
  const isHostname = type === "Hostname";
  const [own, other] = isHostname ? [hostname, uri] : [uri, hostname];
  const [field, unused] = isHostname ? ["hostname", "uri"] : ["uri", "hostname"];
  if ((own ?? "") === "") yield invalid(path, `the type ${type} needs ${field}`);
  if ((other ?? "") !== "") yield invalid([...path, unused], `the type ${type} has no ${unused}`);
  if (isHostname) yield* given(hostname, [...path, "hostname"], checkName);
}

const checkName = (name: string, path: Path): Findings =>
  refuse(path, name === "" ? undefined : hostnameProblem(name));
