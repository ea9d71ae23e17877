/** Which endpoints of a cluster a request asks for, by what filters note of it. See Envoy, "Load Balancer Subsets". */
import { memberOf } from "../base/member-of.js";
import type { ClusterJson, HeaderToMetadataJson, LbEndpointJson } from "../envoy/api.js";
import type { HttpRequest } from "./call.js";
import type { Passed } from "./outcome.js";
import { rewritten } from "./rewritten-text.js";

/** What the metadata of an endpoint has to say for a request; nothing where any will do. */
export type EndpointCriteria = Readonly<Record<string, string>>;

/** Envoy's name for what it compares of requests and endpoints. */
const NAMESPACE = "envoy.lb";

/** What a request asks of a cluster's endpoints; nothing of a cluster that has no subsets by what is noted of the request. */
export function criteriaOf(
  { lbSubsetConfig }: ClusterJson,
  passed: Passed,
  request: HttpRequest | undefined,
): EndpointCriteria {
  const noted = request === undefined ? [] : notedOf(passed, request);
  const criteria = Object.fromEntries(noted);
  const count = Object.keys(criteria).length;
  const isKnown = (lbSubsetConfig?.subsetSelectors ?? []).some(
    ({ keys = [] }) => keys.length === count && keys.every((key) => key in criteria),
  );
  return isKnown ? criteria : {};
}

type Noted = readonly (readonly [key: string, value: string])[];

/** What is noted of a request for endpoints. What a route says to a filter stands in place of what its virtual host does. */
function notedOf({ virtualHost, route }: Passed, request: HttpRequest): Noted {
  const configs = { ...virtualHost?.typedPerFilterConfig, ...route?.typedPerFilterConfig };
  return Object.values(configs)
    .filter((config) => config["@type"]?.endsWith(".header_to_metadata.v3.Config") === true)
    .flatMap((config) => (config as HeaderToMetadataJson).requestRules ?? [])
    .flatMap((rule) => notedBy(rule, request));
}

type Rule = NonNullable<HeaderToMetadataJson["requestRules"]>[number];

/** The key and value that a rule notes of a header, if it is one for endpoints; an empty value is not noted. */
function notedBy(
  { header = "", onHeaderPresent = {} }: Rule,
  { authority, headers }: HttpRequest,
): Noted {
  const { metadataNamespace, key = "", regexValueRewrite } = onHeaderPresent;
  const text = header === ":authority" ? authority : memberOf(headers, header);
  if (metadataNamespace !== NAMESPACE || text === undefined) return [];
  const value = regexValueRewrite === undefined ? text : rewritten(text, regexValueRewrite);
  return value === "" ? [] : [[key, value]];
}

/** Whether an endpoint is one that is asked for. */
export function isAskedFor(criteria: EndpointCriteria, { metadata }: LbEndpointJson): boolean {
  const own = metadata?.filterMetadata?.[NAMESPACE] ?? {};
  return Object.entries(criteria).every(([key, value]) => own[key] === value);
}
