/** What the filters of a proxy that decide who may do what say to a request. */
import type {
  FilterJson,
  HttpConnectionManagerJson,
  HttpFilterJson,
  JwtProviderJson,
  RBACJson,
} from "../envoy/api.js";
import type { Call } from "./call.js";
import type { Passed } from "./outcome.js";
import { askRbac, type Examined } from "./rbac.js";

/** What one filter says. */
export interface FilterVerdict {
  readonly filter: "authentication" | "authorization" | "external-authorization";
  readonly isAllowed: boolean;
  /** What the client gets instead; none where the connection is closed. */
  readonly status?: number;
  /** The rule of a policy by which it is decided, as Envoy's statistics and logs name it. */
  readonly policy?: string;
  /** All rules that were asked. */
  readonly policies?: readonly string[];
  /** `ALLOW` or `DENY`: what the rules are there for. */
  readonly action?: NonNullable<RBACJson["action"]>;
  readonly reason: string;
}

const EXTENSIONS = "type.googleapis.com/envoy.extensions.filters";
const UNAUTHORIZED = 401;
const FORBIDDEN = 403;

/** What the filters say one after the other, up to the first that refuses. */
export function checkAccess({ chain, manager }: Passed, call: Call): readonly FilterVerdict[] {
  const asked: Examined = { call, metadata: {} };
  const network = (chain?.filters ?? []).map((filter) => networkVerdict(filter, asked));
  const http = manager === undefined ? [] : httpVerdicts(manager, asked);
  return upToRefusal([...network, ...http].flatMap((one) => one ?? []));
}

function upToRefusal(verdicts: readonly FilterVerdict[]): readonly FilterVerdict[] {
  const refused = verdicts.findIndex(({ isAllowed }) => !isAllowed);
  return refused < 0 ? verdicts : verdicts.slice(0, refused + 1);
}

/** The configuration of a filter when it is of that type. */
function configOf({ typedConfig }: FilterJson | HttpFilterJson, type: string): object | undefined {
  return typedConfig?.["@type"] === `${EXTENSIONS}.${type}` ? typedConfig : undefined;
}

interface RbacConfig {
  readonly rules?: RBACJson;
}

function networkVerdict(filter: FilterJson, asked: Examined): FilterVerdict | undefined {
  const config: RbacConfig | undefined = configOf(filter, "network.rbac.v3.RBAC");
  return config === undefined ? undefined : rbacVerdict(config, asked);
}

function httpVerdicts(
  { httpFilters = [] }: HttpConnectionManagerJson,
  asked: Examined,
): readonly (FilterVerdict | undefined)[] {
  return httpFilters.map((filter) => {
    const rbac: RbacConfig | undefined = configOf(filter, "http.rbac.v3.RBAC");
    if (rbac !== undefined) return withStatus(rbacVerdict(rbac, asked), FORBIDDEN);
    const jwt: JwtConfig | undefined = configOf(filter, "http.jwt_authn.v3.JwtAuthentication");
    if (jwt !== undefined) return jwtVerdict(jwt, asked);
    return configOf(filter, "http.ext_authz.v3.ExtAuthz") === undefined ? undefined : ASKS_ANOTHER;
  });
}

const ASKS_ANOTHER: FilterVerdict = {
  filter: "external-authorization",
  isAllowed: true,
  reason: "an external authorizer may be asked; here it is taken to allow",
};

const withStatus = (
  verdict: FilterVerdict | undefined,
  status: number,
): FilterVerdict | undefined =>
  verdict === undefined || verdict.isAllowed ? verdict : { ...verdict, status };

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

interface JwtConfig {
  readonly providers?: Readonly<Record<string, JwtProviderJson>>;
  readonly rules?: readonly { readonly requires?: { readonly providerName?: string } }[];
}

/** Where a token is looked for when the provider does not say. */
const BEARER = /^Bearer /i;

/** Signatures are not checked here: only whether there is a token, and whether one is compulsory. */
function jwtVerdict({ rules = [] }: JwtConfig, { call }: Examined): FilterVerdict {
  const has = BEARER.test(call.request?.headers["authorization"] ?? "");
  if (has) {
    const reason = "its token is taken to be good: signatures are not checked here";
    return { filter: "authentication", isAllowed: true, reason };
  }
  const isRequired = rules.some(({ requires }) => requires?.providerName !== undefined);
  return isRequired
    ? {
        filter: "authentication",
        isAllowed: false,
        status: UNAUTHORIZED,
        reason: "it has no token, and one is required",
      }
    : {
        filter: "authentication",
        isAllowed: true,
        reason: "it has no token, and none is required",
      };
}
