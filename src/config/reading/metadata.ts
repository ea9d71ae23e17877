import { isMap } from "../../base/is-map.js";
import type { Finding } from "../kind.js";
import { isDnsLabel } from "../kinds/value/dns-names.js";
import {
  Flag,
  Int32,
  list,
  optional,
  Struct,
  strict,
  Text,
  TextMap,
  type ValueOf,
} from "../kinds/value/fields.js";
import type { ResourceMetadata } from "../resource.js";
import { validateBody } from "../schema/schema.js";

/** Kubernetes' ObjectMeta; most of it is its own bookkeeping, which files that were exported from a cluster have. */
export const MetadataFields = strict({
  name: optional(Text),
  generateName: optional(Text),
  namespace: optional(Text),
  labels: optional(TextMap),
  annotations: optional(TextMap),
  creationTimestamp: optional(Text),
  deletionTimestamp: optional(Text),
  deletionGracePeriodSeconds: optional(Int32),
  uid: optional(Text),
  resourceVersion: optional(Text),
  generation: optional(Int32),
  selfLink: optional(Text),
  clusterName: optional(Text),
  finalizers: optional(list(Text)),
  ownerReferences: optional(
    list(
      strict({
        apiVersion: optional(Text),
        kind: optional(Text),
        name: optional(Text),
        uid: optional(Text),
        controller: optional(Flag),
        blockOwnerDeletion: optional(Flag),
      }),
    ),
  ),
  managedFields: optional(list(Struct)),
});
type MetadataFields = ValueOf<typeof MetadataFields>;

const DEFINITION = {
  body: "document",
  schema: strict({ metadata: MetadataFields }),
} as const;

const MAX_NAME_LENGTH = 253;

/** What `metadata` says; `metadata` is absent when it does not say which resource this is. */
export interface MetadataReading {
  readonly metadata?: ResourceMetadata;
  readonly findings: readonly Finding[];
}

/**
 * Reads `metadata`. A resource without a namespace is in `default`, one of a kind without namespaces in `""`. A field that
 * Kubernetes does not know is a warning; a name that Kubernetes would refuse leaves no metadata.
 */
export function readMetadata(value: unknown, isClusterScoped: boolean): MetadataReading {
  const findings = validateBody(DEFINITION, { metadata: value ?? {} }).map(
    (finding): Finding =>
      finding.code === "unknown-field" ? { ...finding, severity: "warning" } : finding,
  );
  const fields = isMap(value) ? value : {};
  const name = fields["name"];
  const namespace = isClusterScoped ? "" : (fields["namespace"] ?? "default");
  const identity = [...checkName(name), ...(isClusterScoped ? [] : checkNamespace(namespace))];
  if (typeof name !== "string" || typeof namespace !== "string" || identity.length > 0) {
    return { findings: [...findings.filter(isAboutNoIdentity), ...identity] };
  }
  return { metadata: metadataOf(name, namespace, inOrder(fields, findings)), findings };
}

/** The fields without errors. One with errors has the resource left out; what else is wrong with it is looked for all the same. */
function inOrder(
  fields: Readonly<Record<string, unknown>>,
  findings: readonly Finding[],
): Readonly<Record<string, unknown>> {
  const wrong = new Set(
    findings.filter(({ severity }) => severity === undefined).map(({ path }) => path[1]),
  );
  return wrong.size === 0
    ? fields
    : Object.fromEntries(Object.entries(fields).filter(([name]) => !wrong.has(name)));
}

function metadataOf(
  name: string,
  namespace: string,
  { labels, annotations, creationTimestamp, ownerReferences = [] }: MetadataFields,
): ResourceMetadata {
  const { kind, name: owner } = ownerReferences.find((one) => one.controller === true) ?? {};
  return {
    name,
    namespace,
    labels: labels ?? {},
    annotations: annotations ?? {},
    ...(creationTimestamp !== undefined && { creationTimestamp }),
    ...(kind !== undefined && owner !== undefined && { controller: { kind, name: owner } }),
  };
}

function checkName(name: unknown): readonly Finding[] {
  if (name === undefined) {
    const message = "metadata has no name, which is required";
    return [{ path: ["metadata", "name"], code: "missing-field", message }];
  }
  const isName =
    typeof name === "string" &&
    name.length <= MAX_NAME_LENGTH &&
    name === name.toLowerCase() &&
    name.split(".").every(isDnsLabel);
  if (isName) return [];
  const message =
    "metadata.name has to be of lower-case letters, digits, - and ., and begin and end with a letter or digit" +
    `, found ${describe(name)}`;
  return [{ path: ["metadata", "name"], code: "invalid-name", message }];
}

function checkNamespace(namespace: unknown): readonly Finding[] {
  const isNamespace =
    typeof namespace === "string" && namespace === namespace.toLowerCase() && isDnsLabel(namespace);
  if (isNamespace) return [];
  const message =
    "metadata.namespace has to be of at most 63 lower-case letters, digits and -, and begin and end with a letter or digit" +
    `, found ${describe(namespace)}`;
  return [{ path: ["metadata", "namespace"], code: "invalid-name", message }];
}

function isAboutNoIdentity({ path }: Finding): boolean {
  return path[1] !== "name" && path[1] !== "namespace";
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, MAX_NAME_LENGTH));
  const isScalar = typeof value === "number" || typeof value === "boolean";
  return isScalar ? `${String(value)}: put it in quotes` : "no text";
}
