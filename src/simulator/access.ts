/** What the filters of a proxy that decide who may do what say to a request. */
import type {
  FilterChainJson,
  FilterJson,
  HttpConnectionManagerJson,
  HttpFilterJson,
  JwtProviderJson,
  MetadataMatcherJson,
  RBACJson,
  RouteJson,
} from "../envoy/api.js";
import { JWT_FILTER } from "../envoy/authorization/jwt-claims.js";
import { RBAC_HTTP_FILTER, RBAC_NETWORK_FILTER } from "../envoy/authorization/rbac.js";
import type { Call, HttpRequest } from "./call.js";
import { claimHeaders } from "./claim-headers.js";
import { certificateOf } from "./network-filters.js";
import type { Passed } from "./outcome.js";
import { askRbac, type Examined, hasMetadata, metadataAt } from "./rbac.js";
import { type ReceivedCall, receivedCall } from "./received-call.js";
import { checkTokens, type JwtConfig, payloadsOf } from "./token-check.js";
import type { AcceptedToken } from "./token-verdict.js";

/** What one filter says. */
export interface FilterVerdict {
  readonly filter: "authentication" | "authorization" | "external-authorization";
  readonly isAllowed: boolean;
  /** What cannot be known here, and has to hold for that. */
  readonly condition?: string;
  /** What the client gets instead; none where the connection is closed. */
  readonly status?: number;
  /** The rule of a policy by which it is decided, as Envoy's statistics and logs name it. */
  readonly policy?: string;
  /** All rules that were asked. */
  readonly policies?: readonly string[];
  /** `ALLOW` or `DENY`: what the rules are there for. */
  readonly action?: NonNullable<RBACJson["action"]>;
  /** Whose tokens they are, as far as rules ask for tokens of those issuers. */
  readonly issuers?: readonly string[];
  readonly reason: string;
}

const EXTENSIONS = "type.googleapis.com/envoy.extensions.filters";
const JWT_CONFIG = "http.jwt_authn.v3.JwtAuthentication";
const FORBIDDEN = 403;

/** What filters leave to those behind them, by their names. */
type Metadata = Examined["metadata"];

/** What a filter says, and leaves. */
interface Answer {
  readonly verdict?: FilterVerdict;
  readonly metadata?: Metadata;
  /** Absent when the filter leaves the request as it is. */
  readonly request?: HttpRequest;
  /** The route is chosen again, by what the filter leaves. */
  readonly clearsRoute?: boolean;
}

/** What filters say, and what they leave of a call. */
interface Filtered extends Examined {
  readonly verdicts: readonly FilterVerdict[];
  readonly clearsRoute: boolean;
}

/** What the filters say one after the other, up to the first that refuses. */
export function checkAccess(
  { chain, manager, route }: Passed,
  arriving: Call,
): readonly FilterVerdict[] {
  const call = chain === undefined ? arriving : callAt(chain, arriving);
  const network = pass(chain?.filters ?? [], { call }, networkAnswer);
  const http = manager === undefined ? [] : passHttp(manager, call, route).verdicts;
  const verdicts = [...network.verdicts, ...http];
  const refused = verdicts.findIndex(({ isAllowed }) => !isAllowed);
  return refused < 0 ? verdicts : verdicts.slice(0, refused + 1);
}

/** A call as the filters of a chain see it: who shows a certificate within TLS that the chain does not end is not known. */
function callAt(chain: FilterChainJson, call: Call): Call {
  if (certificateOf(chain) !== "none") return call;
  const { principal: _, ...rest } = call;
  return rest;
}

/** A call as it leaves the filters of a connection manager. */
export function filtered(manager: HttpConnectionManagerJson, call: Call): Call {
  return passHttp(manager, call).call;
}

/**
 * A request as routes look at it, and what the filters of a connection manager have left of it. Envoy chooses the route
 * before it asks the filters, and again where one of them says so. See Envoy, JwtProvider.clear_route_cache.
 */
export function routed(
  manager: HttpConnectionManagerJson,
  call: Call & { readonly request: HttpRequest },
): { readonly request: HttpRequest; readonly metadata: Metadata } {
  const { clearsRoute, metadata, call: left } = passHttp(manager, call);
  const { request = call.request } = clearsRoute ? left : receivedCall(manager, call).call;
  return { request, metadata: clearsRoute ? metadata : {} };
}

function passHttp(manager: HttpConnectionManagerJson, call: Call, route?: RouteJson): Filtered {
  return pass(filtersFor(manager, route), receivedCall(manager, call), httpAnswer);
}

/** The filters that are there for the requests of a route: of those that are off the ones that it names. */
function filtersFor(
  { httpFilters = [] }: HttpConnectionManagerJson,
  { typedPerFilterConfig = {} }: RouteJson = {},
): readonly HttpFilterJson[] {
  return httpFilters.filter(
    ({ name = "", disabled }) => disabled !== true || name in typedPerFilterConfig,
  );
}

function pass<Filter>(
  filters: readonly Filter[],
  received: ReceivedCall,
  ask: (filter: Filter, asked: Examined) => Answer,
): Filtered {
  return filters.reduce<Filtered>(
    (before, filter) => {
      const { verdict, metadata, request, clearsRoute = false } = ask(filter, before);
      return {
        ...before,
        call: request === undefined ? before.call : { ...before.call, request },
        metadata: { ...before.metadata, ...metadata },
        verdicts: verdict === undefined ? before.verdicts : [...before.verdicts, verdict],
        clearsRoute: before.clearsRoute || clearsRoute,
      };
    },
    { ...received, metadata: {}, verdicts: [], clearsRoute: false },
  );
}

/** The configuration of a filter when it is of that type. */
function configOf({ typedConfig }: FilterJson | HttpFilterJson, type: string): object | undefined {
  return typedConfig?.["@type"] === `${EXTENSIONS}.${type}` ? typedConfig : undefined;
}

interface RbacConfig {
  readonly rules?: RBACJson;
  /** Rules that are noted and change nothing. */
  readonly shadowRules?: RBACJson;
  readonly shadowRulesStatPrefix?: string;
}

function networkAnswer(filter: FilterJson, asked: Examined): Answer {
  const rbac: RbacConfig | undefined = configOf(filter, "network.rbac.v3.RBAC");
  if (rbac !== undefined) return rbacAnswer(RBAC_NETWORK_FILTER, rbac, asked);
  const authorizer: AuthorizerConfig | undefined = configOf(
    filter,
    "network.ext_authz.v3.ExtAuthz",
  );
  return authorizer === undefined ? {} : authorizerAnswer(authorizer, asked);
}

function httpAnswer(filter: HttpFilterJson, asked: Examined): Answer {
  const rbac: RbacConfig | undefined = configOf(filter, "http.rbac.v3.RBAC");
  if (rbac !== undefined) {
    const { verdict, ...left } = rbacAnswer(RBAC_HTTP_FILTER, rbac, asked);
    if (verdict === undefined || verdict.isAllowed) return { ...left, ...(verdict && { verdict }) };
    return { ...left, verdict: { ...verdict, status: FORBIDDEN } };
  }
  const jwt: JwtConfig | undefined = configOf(filter, JWT_CONFIG);
  if (jwt !== undefined) return jwtAnswer(jwt, asked);
  const authorizer: AuthorizerConfig | undefined = configOf(filter, "http.ext_authz.v3.ExtAuthz");
  return authorizer === undefined ? {} : authorizerAnswer(authorizer, asked);
}

function rbacAnswer(filter: string, config: RbacConfig, asked: Examined): Answer {
  const verdict = rbacVerdict(config, asked);
  return { ...(verdict && { verdict }), metadata: notesOf(filter, config, asked) };
}

/** What the filter says of rules that it only notes. See Envoy, RBAC's dynamic metadata. */
function notesOf(
  filter: string,
  { shadowRules, shadowRulesStatPrefix = "" }: RbacConfig,
  asked: Examined,
): Metadata {
  if (shadowRules === undefined) return {};
  const { policy } = askRbac(shadowRules, asked);
  return { [filter]: { [`${shadowRulesStatPrefix}shadow_effective_policy_id`]: policy } };
}

interface AuthorizerConfig {
  readonly filterEnabledMetadata?: MetadataMatcherJson;
  readonly failureModeAllow?: boolean;
  readonly grpcService?: { readonly envoyGrpc?: { readonly authority?: string } };
  readonly httpService?: { readonly serverUri?: { readonly uri?: string } };
}

/** Whether another one is asked can be known, and not what it says. */
function authorizerAnswer(config: AuthorizerConfig, asked: Examined): Answer {
  const { filterEnabledMetadata, failureModeAllow, grpcService, httpService } = config;
  if (filterEnabledMetadata !== undefined && !hasMetadata(filterEnabledMetadata, asked)) return {};
  const name =
    grpcService?.envoyGrpc?.authority ??
    httpService?.serverUri?.uri?.replace(/^http:\/\//, "") ??
    "another one";
  const open = failureModeAllow === true ? ", or does not answer" : "";
  return {
    verdict: {
      filter: "external-authorization",
      isAllowed: true,
      condition: `${name} allows it${open}`,
      ...policyOf(filterEnabledMetadata, asked),
      reason: `${name} is asked, and what it says cannot be known here`,
    },
  };
}

/** The rule for which an authorizer is asked. */
function policyOf(
  matcher: MetadataMatcherJson | undefined,
  asked: Examined,
): Pick<FilterVerdict, "policy"> {
  const policy = matcher === undefined ? undefined : metadataAt(matcher, asked);
  return typeof policy === "string" ? { policy } : {};
}

/** What is only noted (shadow rules) lets everything through. */
function rbacVerdict({ rules }: RbacConfig, asked: Examined): FilterVerdict | undefined {
  if (rules === undefined) return undefined;
  const { action = "ALLOW" } = rules;
  const { isAllowed, policy } = askRbac(rules, asked);
  if (action === "LOG") return undefined;
  const verb = action === "DENY" ? "denies" : "allows";
  const reason = policy === undefined ? `no rule ${verb} it` : `a rule ${verb} it`;
  const decided = policy === undefined ? {} : { policy };
  const policies = Object.keys(rules.policies ?? {});
  return { filter: "authorization", isAllowed, action, policies, reason, ...decided };
}

function jwtAnswer(config: JwtConfig, { call }: Examined): Answer {
  if (call.request === undefined) return {};
  const { request, accepted, refusal } = checkTokens(config, {
    request: call.request,
    judge: call.judge,
  });
  const filter = "authentication";
  if (refusal !== undefined) {
    const { status, reason, provider } = refusal;
    const issuers = issuersOf(provider === undefined ? [] : [provider]);
    return { verdict: { filter, isAllowed: false, status, reason, ...issuers } };
  }
  if (accepted.length === 0) {
    const reason = "it has no token, and none is required";
    return { verdict: { filter, isAllowed: true, reason }, request };
  }
  const conditions = accepted.flatMap(({ condition }) => condition ?? []);
  const condition = conditions.length === 0 ? {} : { condition: conditions.join(", and ") };
  const providers = accepted.map(({ provider }) => provider);
  const reason = reasonOf(accepted);
  return {
    verdict: { filter, isAllowed: true, reason, ...issuersOf(providers), ...condition },
    metadata: { [JWT_FILTER]: payloadsOf(accepted) },
    request,
    clearsRoute: providers.some(({ clearRouteCache }) => clearRouteCache === true),
  };
}

/** Which tokens are good, and which headers tell what they say. */
function reasonOf(accepted: readonly AcceptedToken[]): string {
  const reasons = accepted.map(({ token, provider }) => {
    const names = claimHeaders(provider, token).map(([name]) => name);
    const told = names.length === 0 ? "" : `, and told in ${names.join(", ")}`;
    return `its token of ${provider.issuer ?? "any issuer"} is good${told}`;
  });
  return reasons.join("; ");
}

function issuersOf(providers: readonly JwtProviderJson[]): Pick<FilterVerdict, "issuers"> {
  const issuers = providers.flatMap(({ issuer }) => issuer ?? []);
  return issuers.length === 0 ? {} : { issuers };
}
