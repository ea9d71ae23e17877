/** What the filters of a proxy that decide who may do what say to a request. */
import type {
  FilterJson,
  HttpConnectionManagerJson,
  HttpFilterJson,
  JwtProviderJson,
  MetadataMatcherJson,
  RBACJson,
} from "../envoy/api.js";
import { JWT_FILTER } from "../envoy/authorization/jwt-claims.js";
import { RBAC_HTTP_FILTER, RBAC_NETWORK_FILTER } from "../envoy/authorization/rbac.js";
import type { Call, HttpRequest } from "./call.js";
import type { Passed } from "./outcome.js";
import { askRbac, type Examined, hasMetadata, metadataAt } from "./rbac.js";
import { checkTokens, type JwtConfig, payloadOf, withoutTokens } from "./token-check.js";

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
  /** Whose token it is, as far as rules ask for tokens of that issuer. */
  readonly issuer?: string;
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
}

/** What the filters say one after the other, up to the first that refuses. */
export function checkAccess({ chain, manager }: Passed, call: Call): readonly FilterVerdict[] {
  const network = pass(chain?.filters ?? [], call, networkAnswer);
  const http = pass(manager?.httpFilters ?? [], call, httpAnswer);
  const verdicts = [...network.verdicts, ...http.verdicts];
  const refused = verdicts.findIndex(({ isAllowed }) => !isAllowed);
  return refused < 0 ? verdicts : verdicts.slice(0, refused + 1);
}

/** The request as it leaves the filters of a connection manager. */
export function filtered({ httpFilters = [] }: HttpConnectionManagerJson, call: Call): Call {
  const { request, judge } = call;
  if (request === undefined) return call;
  const configs = httpFilters.flatMap((filter) => configOf(filter, JWT_CONFIG) ?? []);
  return {
    ...call,
    request: configs.reduce<HttpRequest>(
      (one, config: JwtConfig) => withoutTokens(config, { request: one, judge }),
      request,
    ),
  };
}

/** What the filters of a connection manager leave of a request, so that routes can go by it. */
export function metadataOf({ httpFilters = [] }: HttpConnectionManagerJson, call: Call): Metadata {
  return pass(httpFilters, call, httpAnswer).metadata;
}

function pass<Filter>(
  filters: readonly Filter[],
  call: Call,
  ask: (filter: Filter, asked: Examined) => Answer,
): { readonly verdicts: readonly FilterVerdict[]; readonly metadata: Metadata } {
  let metadata: Metadata = {};
  const verdicts = filters.flatMap((filter) => {
    const { verdict, metadata: left } = ask(filter, { call, metadata });
    metadata = { ...metadata, ...left };
    return verdict ?? [];
  });
  return { verdicts, metadata };
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
  const outcome = checkTokens(config, { request: call.request, judge: call.judge });
  const filter = "authentication";
  switch (outcome.kind) {
    case "missing":
      return {
        verdict: { filter, isAllowed: true, reason: "it has no token, and none is required" },
      };
    case "bad": {
      const { status, reason, provider } = outcome;
      return { verdict: { filter, isAllowed: false, status, reason, ...issuerOf(provider) } };
    }
    case "good": {
      const { condition, provider } = outcome;
      const reason = `its token of ${provider.issuer ?? "any issuer"} is good`;
      const verdict: FilterVerdict = { filter, isAllowed: true, reason, ...issuerOf(provider) };
      return {
        verdict: condition === undefined ? verdict : { ...verdict, condition },
        metadata: { [JWT_FILTER]: payloadOf(outcome) },
      };
    }
  }
}

function issuerOf(provider: JwtProviderJson | undefined): Pick<FilterVerdict, "issuer"> {
  return provider?.issuer === undefined ? {} : { issuer: provider.issuer };
}
