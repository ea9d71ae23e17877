/** Whether Envoy's role-based access control lets a request through. See Envoy, config.rbac.v3. */
import ipaddr from "ipaddr.js";
import { memberOf } from "../../base/member-of.js";
import { byKey } from "../../base/text/compare-text.js";
import { literalRegex } from "../../base/text/literal-regex.js";
import type {
  CidrRangeJson,
  MetadataMatcherJson,
  PermissionJson,
  PrincipalJson,
  RBACJson,
  ValueMatcherJson,
} from "../../envoy/api.js";
import type { Call, HttpRequest } from "../call.js";
import type { ReceivedCall } from "../received-call.js";
import { matchesHeader, matchesString } from "../value-match.js";

/** What rules look at: the connection, the request on it, and what filters before have found out. */
export interface Examined extends ReceivedCall {
  /** By the name of the filter: claims of a token, where there is a good one. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** What a set of rules says, and the rule by which; none when no rule is for the request. */
export interface RbacVerdict {
  readonly isAllowed: boolean;
  readonly policy?: string;
}

/** What rules say. The policies are asked in the order of their names, and the first that is for the request counts. */
export function askRbac(
  { action = "ALLOW", policies = {} }: RBACJson,
  asked: Examined,
): RbacVerdict {
  const found = Object.entries(policies)
    .sort(byKey)
    .find(
      ([, { permissions = [], principals = [] }]) =>
        permissions.some((one) => isPermitted(one, asked)) &&
        principals.some((one) => isPrincipal(one, asked)),
    );
  const policy = found?.[0];
  const isAllowed = action === "LOG" || (action === "ALLOW") === (policy !== undefined);
  return { isAllowed, ...(policy === undefined ? {} : { policy }) };
}

function isPermitted(one: PermissionJson, asked: Examined): boolean {
  const { call } = asked;
  const { address, port } = call.destination;
  if (one.andRules !== undefined) {
    return (one.andRules.rules ?? []).every((rule) => isPermitted(rule, asked));
  }
  if (one.orRules !== undefined) {
    return (one.orRules.rules ?? []).some((rule) => isPermitted(rule, asked));
  }
  if (one.notRule !== undefined) return !isPermitted(one.notRule, asked);
  if (one.header !== undefined) return hasHeader(one.header, call.request);
  if (one.urlPath !== undefined) return isPath(one.urlPath.path, call.request);
  if (one.uriTemplate !== undefined) return isOfTemplate(one.uriTemplate.typedConfig, call.request);
  if (one.destinationIp !== undefined) return isInRange(one.destinationIp, address);
  if (one.destinationPort !== undefined) return one.destinationPort === port;
  if (one.requestedServerName !== undefined) {
    // Envoy has it in small letters, however the client writes it.
    return matchesString(one.requestedServerName, call.serverName.toLowerCase());
  }
  if (one.metadata !== undefined) return hasMetadata(one.metadata, asked);
  return one.any === true;
}

function isPrincipal(one: PrincipalJson, asked: Examined): boolean {
  const { call } = asked;
  if (one.andIds !== undefined) return (one.andIds.ids ?? []).every((id) => isPrincipal(id, asked));
  if (one.orIds !== undefined) return (one.orIds.ids ?? []).some((id) => isPrincipal(id, asked));
  if (one.notId !== undefined) return !isPrincipal(one.notId, asked);
  if (one.authenticated !== undefined) return isAuthenticated(one.authenticated, call);
  if (one.header !== undefined) return hasHeader(one.header, call.request);
  if (one.urlPath !== undefined) return isPath(one.urlPath.path, call.request);
  if (one.metadata !== undefined) return hasMetadata(one.metadata, asked);
  const peer = call.source?.address ?? "";
  if (one.directRemoteIp !== undefined) return isInRange(one.directRemoteIp, peer);
  if (one.remoteIp !== undefined) return isInRange(one.remoteIp, asked.clientAddress ?? peer);
  return one.any === true;
}

function isAuthenticated(
  { principalName }: NonNullable<PrincipalJson["authenticated"]>,
  { principal }: Call,
): boolean {
  if (principal === undefined) return false;
  return principalName === undefined || matchesString(principalName, principal);
}

function hasHeader(
  matcher: NonNullable<PermissionJson["header"]>,
  request: HttpRequest | undefined,
): boolean {
  return request !== undefined && matchesHeader(matcher, headerOf(request, matcher.name ?? ""));
}

function headerOf(
  { method, authority, path, headers }: HttpRequest,
  name: string,
): string | undefined {
  switch (name.toLowerCase()) {
    case ":method":
      return method;
    case ":authority":
    case "host":
      return authority;
    case ":path":
      return path;
    default:
      return memberOf(headers, name.toLowerCase());
  }
}

/** A path is compared without its query. */
const plainPath = ({ path }: HttpRequest): string => path.split("?", 1)[0] ?? "";

function isPath(
  matcher: Parameters<typeof matchesString>[0] | undefined,
  request: HttpRequest | undefined,
): boolean {
  return (
    matcher !== undefined && request !== undefined && matchesString(matcher, plainPath(request))
  );
}

/** What may be in a segment that a template is for: Envoy knows the characters of RFC 3986 and no others. */
const SEGMENT = String.raw`[-\w.~%!$&'()*+,;=:@]+`;
const SEGMENTS = String.raw`[-\w.~%!$&'()*+,;=:@/]*`;

/** `*` stands for one segment, `**` for any number of them. See Envoy, UriTemplateMatchConfig. */
function isOfTemplate(config: unknown, request: HttpRequest | undefined): boolean {
  const { pathTemplate = "" } = config as { readonly pathTemplate?: string };
  const expression = pathTemplate
    .split(/(\*{1,2})/)
    .map((part) => (part === "**" ? SEGMENTS : part === "*" ? SEGMENT : literalRegex(part)))
    .join("");
  return request !== undefined && new RegExp(`^${expression}$`).test(plainPath(request));
}

/** Envoy takes an IPv4 address that is written as IPv6 for IPv4, but no range of such. */
function isInRange({ addressPrefix = "", prefixLen = 0 }: CidrRangeJson, address: string): boolean {
  if (!ipaddr.isValid(address) || !ipaddr.isValid(addressPrefix)) return false;
  const [ip, prefix] = [ipaddr.process(address), ipaddr.parse(addressPrefix)];
  return ip.kind() === prefix.kind() && ip.match(prefix, prefixLen);
}

/** Whether filters have left what a matcher asks for. */
export function hasMetadata(
  matcher: MetadataMatcherJson,
  asked: Pick<Examined, "metadata">,
): boolean {
  const { value, invert } = matcher;
  const found = metadataAt(matcher, asked);
  return (value !== undefined && isValue(value, found)) !== (invert === true);
}

/** What filters have left where a matcher looks; undefined when there is nothing. */
export function metadataAt(
  { filter = "", path = [] }: Pick<MetadataMatcherJson, "filter" | "path">,
  { metadata }: Pick<Examined, "metadata">,
): unknown {
  return path.reduce<unknown>(
    (at, { key = "" }) =>
      typeof at === "object" && at !== null
        ? memberOf(at as Record<string, unknown>, key)
        : undefined,
    memberOf(metadata, filter),
  );
}

function isValue(matcher: ValueMatcherJson, value: unknown): boolean {
  const { stringMatch, listMatch, orMatch, presentMatch, boolMatch } = matcher;
  if (orMatch !== undefined)
    return (orMatch.valueMatchers ?? []).some((one) => isValue(one, value));
  if (stringMatch !== undefined)
    return typeof value === "string" && matchesString(stringMatch, value);
  if (boolMatch !== undefined) return value === boolMatch;
  if (presentMatch !== undefined) return (value !== undefined) === presentMatch;
  const member = listMatch?.oneOf;
  return member !== undefined && Array.isArray(value) && value.some((one) => isValue(member, one));
}
