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
import { holds, isInBlock, matchesPath, matchesText } from "./values.js";

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
      (to === undefined || to.some(({ operation }) => isOperation(operation, asked))) &&
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
    holds(source.principals, source.notPrincipals, identities(asked)) &&
    holds(source.requestPrincipals, source.notRequestPrincipals, requestPrincipal(asked)) &&
    holds(source.namespaces, source.notNamespaces, peerOf(arrival)?.namespace) &&
    holds(source.serviceAccounts, source.notServiceAccounts, account(asked, place)) &&
    holds(source.ipBlocks, source.notIpBlocks, arrival.source, isInBlock) &&
    holds(source.remoteIpBlocks, source.notRemoteIpBlocks, client, isInBlock)
  );
}

function isOperation(operation: Operation, { arrival, mesh }: Asked): boolean {
  const { request, destination } = arrival;
  const path = request && normalizedPath(request.path, mesh.pathNormalization);
  return (
    holds(operation.hosts, operation.notHosts, request?.host, matchesHost) &&
    holds(operation.ports, operation.notPorts, String(destination.port)) &&
    holds(operation.methods, operation.notMethods, request?.method) &&
    holds(operation.paths, operation.notPaths, path, matchesPath)
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
  "source.principal": (asked) => identities(asked),
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
  return holds(values, notValues, attribute(asked, members, place), comparisonOf(name));
}

/** "Supports single IP or CIDR"; and a name of a host (RFC 6066), whose letters may be of any case. */
function comparisonOf(name: string): (pattern: string, value: string) => boolean {
  if (name.endsWith(".ip")) return isInBlock;
  return name === "connection.sni" ? matchesHost : matchesText;
}

function headerOf({ request }: Arrival, name: string): string | undefined {
  return name === "host" ? request?.host : request?.headers[name];
}

/** "Any service with the identity td1/ns/foo/sa/a, td2/... or td3/... will be treated the same"; `cluster.local` is the mesh's. */
function identities({ arrival, mesh }: Asked): readonly string[] {
  const { peer } = arrival.tls ?? {};
  if (peer === undefined) return [];
  const domains = [mesh.trustDomain, ...mesh.trustDomainAliases];
  const [domain = ""] = peer.split("/");
  const same = domains.includes(domain) ? [...domains, "cluster.local"] : [domain];
  return same.map((one) => `${one}${peer.slice(domain.length)}`);
}

/** In both of the forms in which policies may name it. */
function account({ arrival }: Asked, { namespace: own }: Place): readonly string[] | undefined {
  const peer = peerOf(arrival);
  if (peer === undefined) return undefined;
  const { namespace, account: name } = peer;
  return [`${namespace}/${name}`, ...(namespace === own ? [name] : [])];
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
