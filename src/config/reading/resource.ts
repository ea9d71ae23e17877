import { isMap } from "../../base/is-map.js";
import { didYouMean } from "../../base/text/closest-word.js";
import { formatPath } from "../format-path.js";
import type { Finding, KindDefinition, Path } from "../kind.js";
import { apiVersionsOf, lookUpKind, writtenName } from "../kind-lookup.js";
import { notApplied } from "../kinds/value/unapplied.js";
import { meshConfigFindings } from "../mesh-config/mesh-config.js";
import { podAnnotationFindings } from "../mesh-config/proxy-config-annotation.js";
import { type ConfigResource, keyOf, type ResourceRef } from "../resource.js";
import { fieldHome } from "../schema/field-home.js";
import { validateResource } from "../schema/schema.js";
import { MetadataFields, readMetadata } from "./metadata.js";
import { withoutNullFields, withoutNulls } from "./nulls.js";
import { describeType } from "./value.js";

/** A resource that a file has, in order or not. */
export interface ResourceReading {
  /** Names the resource among all of all kinds: `Kind/namespace/name`. */
  readonly id: string;
  readonly ref: ResourceRef;
  /** Absent when a finding is an error. */
  readonly resource?: ConfigResource;
  /** What is in force of it while it has errors, when it never was without. */
  readonly substitute?: ConfigResource;
  readonly findings: readonly Finding[];
}

/** What a value is, when it is no resource of ours. */
export interface NoResource {
  readonly ref?: undefined;
  readonly findings: readonly Finding[];
  /** Whether it may be a resource of ours that was spoilt, so that nobody can tell which one. */
  readonly isSpoilt: boolean;
}

/** The name of a resource among all of all kinds. */
export function idOf(ref: ResourceRef): string {
  return `${ref.kind}/${keyOf(ref)}`;
}

/** Reads one resource: its kind, its metadata, its fields and the rules between them. */
export function readResource(value: unknown): ResourceReading | NoResource {
  if (!isMap(value)) {
    return spoilt("not-a-resource", `a resource is a map, found ${describeType(value)}`);
  }
  const { apiVersion, kind } = value;
  if (typeof apiVersion !== "string" || typeof kind !== "string") {
    const missing = typeof kind === "string" ? "apiVersion" : "kind";
    return spoilt(
      "not-a-resource",
      `a resource has an apiVersion and a kind; here is no ${missing}`,
    );
  }
  const lookup = lookUpKind(apiVersion, kind);
  switch (lookup.result) {
    case "known":
      return readKnown(value, apiVersion, lookup.definition);
    case "wrong-version":
      return readKnown(value, apiVersion, lookup.definition, [
        wrongVersion(apiVersion, lookup.definition),
      ]);
    case "meaningless":
      return { findings: [misplacedMeshConfig(value) ?? meaningless(kind)], isSpoilt: false };
    case "unsupported":
      return { findings: [notApplied(["kind"], kind)], isSpoilt: false };
    case "unknown":
      return { findings: [unknownKind(apiVersion, kind, lookup.didYouMean)], isSpoilt: true };
  }
}

function readKnown(
  value: Readonly<Record<string, unknown>>,
  apiVersion: string,
  definition: KindDefinition<never>,
  wrong: readonly Finding[] = [],
): ResourceReading | NoResource {
  const bare = withoutNulls(value);
  const { metadata, findings } = readMetadata(bare["metadata"], definition.clusterScoped ?? false);
  const unknown = definition.body === "spec" ? unknownMembers(bare, definition) : [];
  if (metadata === undefined) {
    return { findings: [...wrong, ...findings, ...unknown], isSpoilt: true };
  }
  const { status } = bare;
  const whole = isOfIstio(definition) ? value : bare;
  const resource: ConfigResource = {
    kind: definition.kind,
    apiVersion,
    metadata,
    spec: meantBy(
      definition,
      definition.body === "spec" ? specOf(definition, whole) : bodyOf(whole),
    ),
    ...(definition.status !== undefined && status !== undefined && { status }),
  };
  const all = [
    ...wrong,
    ...findings,
    ...unknown,
    ...(wrong.length > 0 ? [] : validateResource(definition, resource)).map((finding) =>
      inWordsOf(definition, ofEmptyField(finding, value)),
    ),
  ];
  if (!all.some(isError)) {
    all.push(...meshConfigFindings(resource), ...podAnnotationFindings(resource));
  }
  const ref = { kind: definition.kind, namespace: metadata.namespace, name: metadata.name };
  if (!all.some(isError)) return { id: idOf(ref), ref, findings: all, resource };
  return { id: idOf(ref), ref, ...substituted(definition, resource, all) };
}

/** Kubernetes reads nothing as the empty text in its own maps, and refuses it in those of Istio. */
function isOfIstio({ group }: KindDefinition<never>): boolean {
  return group.endsWith(".istio.io");
}

/** Istio takes one that is not there for an empty one, by which policies say something. */
function specOf(
  definition: KindDefinition<never>,
  { spec }: Readonly<Record<string, unknown>>,
): unknown {
  return spec === undefined && isOfIstio(definition) ? {} : spec;
}

/** What Istio finds by its validation, where others have a schema for it. */
const VALIDATED: readonly string[] = ["missing-field", "out-of-range"];

/** Istio's code, for what it would find too. */
function inWordsOf(definition: KindDefinition<never>, finding: Finding): Finding {
  const isIstios = isOfIstio(definition) && VALIDATED.includes(finding.code);
  return isIstios ? { ...finding, code: "IST0106" } : finding;
}

function meantBy({ meant, schema }: KindDefinition<never>, body: unknown): unknown {
  const bare = withoutNullFields(body, schema);
  return meant === undefined ? bare : meant(bare);
}

function substituted(
  { kind, whenWrong }: KindDefinition<never>,
  resource: ConfigResource,
  findings: readonly Finding[],
): Pick<ResourceReading, "findings" | "substitute"> {
  const spec = whenWrong?.spec(resource);
  if (whenWrong === undefined || spec === undefined) return { findings };
  const message = `unless the ${kind} was in force without errors before, ${whenWrong.effect} until they are mended`;
  const warning = { path: ["kind"], code: "fails-closed", message, severity: "warning" } as const;
  return { findings: [...findings, warning], substitute: { ...resource, spec } };
}

function isError({ severity }: Finding): boolean {
  return severity === undefined || severity === "error";
}

function bodyOf(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const {
    apiVersion: _version,
    kind: _kind,
    metadata: _metadata,
    status: _status,
    ...body
  } = value;
  return body;
}

const TOP_LEVEL: readonly string[] = ["apiVersion", "kind", "metadata", "spec", "status"];

function unknownMembers(
  value: Readonly<Record<string, unknown>>,
  { schema }: KindDefinition<never>,
): Finding[] {
  const unknown = Object.keys(value).filter((name) => !TOP_LEVEL.includes(name));
  const whole = { properties: { metadata: MetadataFields, spec: schema } };
  return unknown.map((name) => {
    const home = fieldHome(name, whole, [], []);
    const guess = home === "" ? didYouMean(name, TOP_LEVEL) : home;
    const message = `unknown field "${name}" beside spec${guess}`;
    return { path: [name], code: "unknown-field", message };
  });
}

/**
 * A field that is required and written with nothing behind it, as when what belongs to it is not indented, is better called empty
 * than missing.
 */
function ofEmptyField(finding: Finding, value: unknown): Finding {
  const { code, path } = finding;
  if (code !== "missing-field" || memberAt(value, path) !== null) return finding;
  const message = `${formatPath(path)} is empty: what belongs to it is indented farther than it`;
  return { ...finding, message };
}

function memberAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (whole, step) =>
      isMap(whole) || Array.isArray(whole)
        ? (whole as Readonly<Record<string, unknown>>)[step]
        : undefined,
    value,
  );
}

function wrongVersion(apiVersion: string, definition: KindDefinition<never>): Finding {
  const served = apiVersionsOf(definition).join(", ");
  return {
    path: ["apiVersion"],
    code: "unsupported-version",
    message: `${writtenName(definition)} has to be of ${served}, found ${quoted(apiVersion)}`,
  };
}

function meaningless(kind: string): Finding {
  return {
    path: ["kind"],
    code: "ignored-kind",
    message: `${kind} means nothing to a mesh without Kubernetes and is ignored`,
    severity: "note",
  };
}

/** How Istio's documentation configures a mesh by `istioctl install`: what is asked for so has no effect. */
function misplacedMeshConfig({
  kind,
  spec,
}: Readonly<Record<string, unknown>>): Finding | undefined {
  if (kind !== "IstioOperator" || !isMap(spec) || spec["meshConfig"] === undefined) {
    return undefined;
  }
  return notApplied(
    ["spec", "meshConfig"],
    "meshConfig of an IstioOperator (write it as data.mesh of the ConfigMap istio-system/istio)",
  );
}

function unknownKind(apiVersion: string, kind: string, closest: string | undefined): Finding {
  const guess = closest === undefined ? "" : ` (did you mean "${closest}"?)`;
  const message = `unknown kind ${quoted(kind)} of ${quoted(apiVersion)}${guess}`;
  return { path: ["kind"], code: "unknown-kind", message };
}

/** A text that may be of any length. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 97)}...` : text);
}

function spoilt(code: string, message: string): NoResource {
  return { findings: [{ path: [], code, message }], isSpoilt: true };
}
