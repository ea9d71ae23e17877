/** The requests that both a root's route and one of its delegate take. See Istio, mergeHTTPMatchRequests. */
import { memberOf } from "../../base/member-of.js";
import type { HTTPMatchRequest } from "../../config/kinds/networking/virtual-service/http-match.js";
import type { StringMatch } from "../../config/kinds/value/string-match.js";

type Matches = readonly HTTPMatchRequest[];

/**
 * The conditions under which a delegate's route takes a request. Each of its own has to lie within one of the root's; if
 * one does not, the route takes none: undefined.
 */
export function mergeMatches(root: Matches, own: Matches): Matches | undefined {
  if (root.length === 0) return own;
  if (own.length === 0) return root;
  const merged: HTTPMatchRequest[] = [];
  for (const narrow of own) {
    const within = root.filter((wide) => !conflicts(wide, narrow));
    if (within.length === 0) return undefined;
    merged.push(...within.map((wide) => mergeMatch(wide, narrow)));
  }
  return merged;
}

const TEXTS = ["uri", "scheme", "method", "authority"] as const;
const MAPS = ["headers", "withoutHeaders", "queryParams"] as const;

function mergeMatch(root: HTTPMatchRequest, own: HTTPMatchRequest): HTTPMatchRequest {
  const name = [root.name ?? "", own.name ?? ""].filter((part) => part !== "").join("-");
  const both = [...MAPS, "sourceLabels" as const].filter(
    (field) => root[field] !== undefined && own[field] !== undefined,
  );
  return {
    ...root,
    ...withoutEmpty(own),
    ...Object.fromEntries(both.map((field) => [field, { ...root[field], ...own[field] }])),
    ...(name === "" ? {} : { name }),
  };
}

/** Without the fields that say nothing, so that the root's stand. */
function withoutEmpty(match: HTTPMatchRequest): HTTPMatchRequest {
  const says = (value: unknown): boolean =>
    value !== "" && value !== 0 && !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(match).filter(([, value]) => says(value)));
}

function conflicts(root: HTTPMatchRequest, own: HTTPMatchRequest): boolean {
  return (
    TEXTS.some((field) => textConflicts(root[field], own[field])) ||
    MAPS.some((field) =>
      Object.entries(own[field] ?? {}).some(([key, value]) =>
        textConflicts(memberOf(root[field], key), value),
      ),
    ) ||
    (root.ignoreUriCase ?? false) !== (own.ignoreUriCase ?? false) ||
    sourceConflicts(root, own)
  );
}

function sourceConflicts(root: HTTPMatchRequest, own: HTTPMatchRequest): boolean {
  const [rootPort = 0, ownPort = 0] = [root.port, own.port];
  const { gateways: rootGateways = [], sourceNamespace = "" } = root;
  const ownGateways = own.gateways ?? [];
  return (
    (rootPort > 0 && ownPort > 0 && rootPort !== ownPort) ||
    // One that names no namespace is for callers of others too. See Istio, hasConflict.
    (sourceNamespace !== "" && own.sourceNamespace !== sourceNamespace) ||
    Object.entries(own.sourceLabels ?? {}).some(
      ([key, value]) => (memberOf(root.sourceLabels, key) ?? value) !== value,
    ) ||
    (rootGateways.length > 0 && ownGateways.some((gateway) => !rootGateways.includes(gateway)))
  );
}

/**
 * Whether texts that the delegate wants are not all texts that the root wants. Of expressions nobody can say, and a condition
 * that takes any text goes with no other. See Istio, stringMatchConflict.
 */
function textConflicts(root: StringMatch | undefined, own: StringMatch | undefined): boolean {
  if (root === undefined || own === undefined) return false;
  const wanted = own.exact ?? own.prefix ?? own.regex;
  const taken = root.exact ?? root.prefix ?? root.regex;
  if (wanted === undefined || taken === undefined) return true;
  if (own.regex !== undefined || root.regex !== undefined) return true;
  return root.exact === undefined ? !wanted.startsWith(taken) : own.exact !== root.exact;
}
