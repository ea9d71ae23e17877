/** What AuthorizationPolicies say to a request. See Istio, Authorization Policy and Authorization Policy Conditions. */
import { type Arrival, peerOf } from "./arrival.js";
import { normalizedPath } from "./normalized-path.js";
import type {
  AuthorizationPolicy,
  Condition,
  MeshSettings,
  Operation,
  Rule,
  Source,
} from "./objects.js";
import type { Claims } from "./request-authentication.js";
import {
  holds,
  isInBlock,
  type Matches,
  matchesPath,
  matchesPlainPath,
  matchesText,
} from "./values.js";

/** What rules look at. */
export interface Asked {
  readonly arrival: Arrival;
  /** Of a good token. */
  readonly claims?: Claims;
  /** "Original client IP address as determined by X-Forwarded-For header or Proxy Protocol." */
  readonly client: string;
  readonly mesh: MeshSettings;
}

/** What they come to: a CUSTOM policy leaves the decision to its provider, if nothing else denies. */
export interface Decision {
  readonly isAllowed: boolean;
  readonly asks: boolean;
}

/** The decision of the policies that are for a workload: CUSTOM, then DENY, then ALLOW. */
export function authorize(policies: readonly AuthorizationPolicy[], asked: Asked): Decision {
  const of = (action: string): readonly AuthorizationPolicy[] =>
    policies.filter(({ spec }) => (spec.action ?? "ALLOW") === action);
  const matches = (some: readonly AuthorizationPolicy[]): boolean =>
    some.some((policy) => isMatch(policy, asked));
  const asks = matches(of("CUSTOM"));
  if (matches(of("DENY"))) return { isAllowed: false, asks };
  return { isAllowed: of("ALLOW").length === 0 || matches(of("ALLOW")), asks };
}

/** "A match occurs when at least one rule matches the request. If not set, the match will never occur." */
function isMatch({ metadata, spec }: AuthorizationPolicy, asked: Asked): boolean {
  const { action = "ALLOW", rules = [] } = spec;
  const isTcp = asked.arrival.request === undefined;
  // Istio's task for TCP: an ALLOW rule with fields of HTTP is ignored; a DENY rule is enforced without these fields.
  const known = isTcp && action === "ALLOW" ? rules.filter((rule) => !hasHttpFields(rule)) : rules;
  return known.some((rule) => {
    const { from, to, when = [] } = isTcp ? withoutHttpFields(rule) : rule;
    return (
      (from === undefined || from.some(({ source }) => isSource(source, asked, metadata))) &&
      (to === undefined ||
        to.some(({ operation }) => isOperation(operation, asked, action === "ALLOW"))) &&
      when.every((condition) => isCondition(condition, asked, metadata))
    );
  });
}

const HTTP_FIELD = /^(notR|r)equestPrincipals$|^(notH|h)osts$|^(notM|m)ethods$|^(notP|p)aths$/;

function hasHttpFields({ from = [], to = [], when = [] }: Rule): boolean {
  const fields = [...from.map(({ source }) => source), ...to.map(({ operation }) => operation)];
  const isUsed = fields.some((one) =>
    Object.entries(one).some(
      ([name, values]: [string, readonly string[]]) => HTTP_FIELD.test(name) && values.length > 0,
    ),
  );
  return isUsed || when.some(({ key }) => key.startsWith("request."));
}

function withoutHttpFields({ from, to, when }: Rule): Rule {
  const rest = <T extends object>(fields: T): T =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => !HTTP_FIELD.test(name))) as T;
  return {
    ...(from && { from: from.map(({ source }) => ({ source: rest(source) })) }),
    ...(to && { to: to.map(({ operation }) => ({ operation: rest(operation) })) }),
    ...(when && { when: when.filter(({ key }) => !key.startsWith("request.")) }),
  };
}

/** Where a policy is written: service accounts without a namespace are of its own. */
type Place = AuthorizationPolicy["metadata"];

function isSource(source: Source, asked: Asked, place: Place): boolean {
  const { arrival, client } = asked;
  return (
    holds(source.principals, source.notPrincipals, asked.arrival.tls?.peer, isPrincipal(asked)) &&
    holds(
      source.requestPrincipals,
      source.notRequestPrincipals,
      requestPrincipal(asked),
      isRequestPrincipal(asked),
    ) &&
    holds(source.namespaces, source.notNamespaces, peerOf(arrival)?.namespace) &&
    holds(source.serviceAccounts, source.notServiceAccounts, account(asked, place)) &&
    holds(source.ipBlocks, source.notIpBlocks, arrival.source, isInBlock) &&
    holds(source.remoteIpBlocks, source.notRemoteIpBlocks, client, isInBlock)
  );
}

function isOperation(operation: Operation, { arrival, mesh }: Asked, allows: boolean): boolean {
  const { request, destination } = arrival;
  const path = request && normalizedPath(request.path, mesh.pathNormalization);
  return (
    holds(operation.hosts, operation.notHosts, request?.host, matchesHost) &&
    holds(operation.ports, operation.notPorts, String(destination.port)) &&
    holds(operation.methods, operation.notMethods, request?.method) &&
    holds(operation.paths, undefined, path, allows ? matchesPlainPath : matchesPath) &&
    holds(undefined, operation.notPaths, path, matchesPath)
  );
}

/** "The match is case-insensitive." */
function matchesHost(pattern: string, host: string): boolean {
  return matchesText(pattern.toLowerCase(), host.toLowerCase());
}

/** The values of the attributes of conditions; `members` are what stands in brackets behind the name. */
const ATTRIBUTES: Readonly<
  Record<
    string,
    (
      asked: Asked,
      members: readonly string[],
      place: Place,
    ) => string | readonly string[] | undefined
  >
> = {
  "request.headers": ({ arrival }, members) => headerOf(arrival, members.join("").toLowerCase()),
  "source.ip": ({ arrival }) => arrival.source,
  "remote.ip": ({ client }) => client,
  "source.namespace": ({ arrival }) => peerOf(arrival)?.namespace,
  "source.serviceAccount": (asked, _, place) => account(asked, place),
  "source.principal": ({ arrival }) => arrival.tls?.peer,
  "request.auth.principal": (asked) => requestPrincipal(asked),
  "request.auth.audiences": ({ claims }) => textsOf(claims?.["aud"]),
  "request.auth.presenter": ({ claims }) => textsOf(claims?.["azp"]),
  "request.auth.claims": ({ claims }, members) => textsOf(memberAt(claims, members)),
  "destination.ip": ({ arrival }) => arrival.destination.address,
  "destination.port": ({ arrival }) => String(arrival.destination.port),
  "connection.sni": ({ arrival }) => arrival.tls?.serverName,
};

function isCondition({ key, values, notValues }: Condition, asked: Asked, place: Place): boolean {
  const [name = "", ...members] = key.split(/[[\]]+/).filter((part) => part !== "");
  const attribute = ATTRIBUTES[name];
  if (attribute === undefined) throw new Error(`the model does not know ${key}`);
  return holds(values, notValues, attribute(asked, members, place), comparisonOf(name, asked));
}

function comparisonOf(name: string, asked: Asked): Matches {
  switch (name) {
    case "source.ip":
    case "remote.ip":
    case "destination.ip":
      return isInBlock;
    case "connection.sni":
      // The name of a host (RFC 6066), whose letters may be of any case.
      return matchesHost;
    case "request.headers":
      // Istio asks of such a header that it is there, though the documentation says "not empty" of all values.
      return (pattern, value) => pattern === "*" || matchesText(pattern, value);
    case "source.principal":
      return isPrincipal(asked);
    case "request.auth.principal":
      return isRequestPrincipal(asked);
    default:
      return matchesText;
  }
}

function headerOf({ request }: Arrival, name: string): string | undefined {
  return name === "host" ? request?.host : request?.headers[name];
}

/**
 * "Any service with the identity td1/ns/foo/sa/a, td2/... or td3/... will be treated the same"; `cluster.local` is the mesh's. Istio does
 * so for whole identities: the beginning of one, or its end, is as it is written.
 */
function isPrincipal({ mesh }: Asked): Matches {
  const domains = [mesh.trustDomain, ...mesh.trustDomainAliases];
  return (pattern, peer) => {
    const [domain = ""] = peer.split("/");
    const isWhole = pattern.split("/").length === 5;
    const same = isWhole && domains.includes(domain) ? [...domains, "cluster.local"] : [domain];
    return same.some((one) => matchesText(pattern, `${one}${peer.slice(domain.length)}`));
  };
}

/** In both of the forms in which policies may name it. */
function account({ arrival }: Asked, { namespace: own }: Place): readonly string[] | undefined {
  const peer = peerOf(arrival);
  if (peer === undefined) return undefined;
  const { namespace, account: name } = peer;
  return [`${namespace}/${name}`, ...(namespace === own ? [name] : [])];
}

/** The slash between issuer and subject may be any of a pattern's but those of a URL's scheme; one without is of an issuer's beginning or a subject's end. */
function isRequestPrincipal({ claims }: Asked): Matches {
  const issuer = String(claims?.["iss"]);
  const subject = String(claims?.["sub"]);
  return (pattern) => {
    const parts = pattern.split(/(?<!:|:\/)\//);
    if (parts.length === 1) {
      return pattern.startsWith("*")
        ? matchesText(pattern, subject)
        : matchesBeginning(pattern, issuer);
    }
    return parts.some(
      (_, i) =>
        i > 0 &&
        matchesText(parts.slice(0, i).join("/"), issuer) &&
        matchesText(parts.slice(i).join("/"), subject),
    );
  };
}

function matchesBeginning(pattern: string, text: string): boolean {
  return pattern.endsWith("*") && matchesText(pattern, text);
}

/** `<iss>/<sub>`; there is none without both. */
function requestPrincipal({ claims }: Asked): string | undefined {
  const { iss, sub } = claims ?? {};
  return typeof iss === "string" && typeof sub === "string" ? `${iss}/${sub}` : undefined;
}

/** "Only support claim of type string or list of string." */
function textsOf(claim: unknown): readonly string[] {
  return [claim].flat().filter((one) => typeof one === "string");
}

function memberAt(claims: unknown, [first, ...rest]: readonly string[]): unknown {
  if (first === undefined) return claims;
  const isMap = typeof claims === "object" && claims !== null && Object.hasOwn(claims, first);
  return isMap ? memberAt((claims as Claims)[first], rest) : undefined;
}
