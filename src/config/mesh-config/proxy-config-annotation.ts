/** The annotation of pods with settings of their proxies. */

import { isMap } from "../../base/is-map.js";
import type { Finding, Path } from "../kind.js";
import type { PodTemplate } from "../kinds/kubernetes/pod-template.js";
import { captureFindings } from "../kinds/networking/capture-annotations.js";
import { checkCustomTag } from "../kinds/telemetry/telemetry.js";
import { eachMember } from "../kinds/value/findings.js";
import type { ConfigResource } from "../resource.js";
import { validateBody } from "../schema/schema.js";
import { parseSection } from "../yaml/parse-section.js";
import { ProxyConfigFields } from "./mesh-config-schema.js";
import { unappliedProxyFields } from "./mesh-unapplied.js";
import { readProtobufJson } from "./protobuf-json.js";
import { checkRegexp, REGEXPS_ANNOTATION } from "./proxy-statistics.js";

/** Its name. See Istio, "Customizing proxy configuration". */
export const PROXY_CONFIG_ANNOTATION = "proxy.istio.io/config";

/** What an annotation says. */
export interface ProxyConfigReading {
  /** The settings that can be read; those of unknown names are among them. */
  readonly fields: ProxyConfigFields;
  /** What is wrong with the others, with paths that begin in the annotation. */
  readonly findings: readonly Finding[];
}

const DEFINITION = { body: "document", schema: ProxyConfigFields } as const;

/** Reads the value of the annotation, which is YAML; a setting that cannot be read is left out, and so is all that is no YAML. */
export function readProxyConfig(text: string): ProxyConfigReading {
  const parsed = parseSection(text);
  if (parsed.error !== undefined) {
    const { offset, code, message } = parsed.error;
    return { fields: {}, findings: [{ path: [offset], code, message }] };
  }
  const value = readProtobufJson(ProxyConfigFields, withTexts(parsed.documents[0] ?? {}));
  // Fields that are not known come and go with Istio's versions.
  const findings = validateBody(DEFINITION, value).filter(({ code }) => code !== "unknown-field");
  const wrong = new Set(findings.map(({ path }) => path[0]));
  const fields = isMap(value) ? Object.entries(value).filter(([name]) => !wrong.has(name)) : [];
  return { fields: Object.fromEntries(fields), findings };
}

/** Numbers and truth values of variables are taken for the texts that they are written as. */
function withTexts(config: unknown): unknown {
  if (!isMap(config) || !isMap(config["proxyMetadata"])) return config;
  const variables = Object.entries(config["proxyMetadata"]).map(([name, value]) => [
    name,
    typeof value === "number" || typeof value === "boolean" ? String(value) : value,
  ]);
  return { ...config, proxyMetadata: Object.fromEntries(variables) as unknown };
}

/** Warns of what is wrong with the annotations of the pods that a resource is or makes; nothing for other resources. */
export function podAnnotationFindings(resource: ConfigResource): readonly Finding[] {
  const place = podAnnotations(resource);
  if (place === undefined) return [];
  const { path, annotations = {} } = place;
  const { [PROXY_CONFIG_ANNOTATION]: text, [REGEXPS_ANNOTATION]: regexps = "" } = annotations;
  const at = [...path, REGEXPS_ANNOTATION];
  return [
    ...regexps.split(",").flatMap((one) => [...checkRegexp(one, at)]),
    ...captureFindings(annotations, path),
    ...(text === undefined ? [] : settingsFindings(text, path)),
  ];
}

function settingsFindings(text: string, path: Path): readonly Finding[] {
  const { fields, findings } = readProxyConfig(text);
  const ofErrors = findings.map((finding) => ({
    ...finding,
    message: `${finding.message}: ${leftOut(finding)} is left out`,
  }));
  const { customTags } = fields.tracing ?? {};
  const ofTags = [...eachMember(customTags, ["tracing", "customTags"], checkCustomTag)].map(
    (finding) => ({ ...finding, message: `${finding.message}: the tag is left out` }),
  );
  return [...ofErrors, ...ofTags, ...unappliedProxyFields(fields, [])].map((finding) => ({
    ...finding,
    path: [...path, PROXY_CONFIG_ANNOTATION, ...finding.path],
    message: `${PROXY_CONFIG_ANNOTATION}: ${finding.message}`,
    severity: "warning",
  }));
}

const leftOut = ({ path: [field] }: Finding): string =>
  typeof field === "string" ? field : "all of it";

interface AnnotationPlace {
  readonly path: Path;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

function podAnnotations({ kind, metadata, spec }: ConfigResource): AnnotationPlace | undefined {
  switch (kind) {
    case "Pod":
      return { path: ["metadata", "annotations"], annotations: metadata.annotations };
    case "DaemonSet":
    case "Deployment":
    case "StatefulSet":
      return {
        path: ["spec", "template", "metadata", "annotations"],
        // The schemas of these kinds said so.
        annotations: (spec as { readonly template: PodTemplate }).template.metadata?.annotations,
      };
    default:
      return undefined;
  }
}
