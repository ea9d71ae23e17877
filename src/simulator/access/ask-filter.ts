/** Which filters of a proxy decide who may do what, and what each says; of all others nothing. */
import type { FilterJson, HttpFilterJson } from "../../envoy/api.js";
import { RBAC_HTTP_FILTER, RBAC_NETWORK_FILTER } from "../../envoy/authorization/rbac.js";
import { type AuthorizerConfig, authorizerAnswer } from "./authorizer-answer.js";
import type { FilterAnswer } from "./filter-answer.js";
import { jwtAnswer } from "./jwt-answer.js";
import type { Examined } from "./rbac.js";
import { type RbacConfig, rbacAnswer } from "./rbac-answer.js";
import type { JwtConfig } from "./token-check.js";

const EXTENSIONS = "type.googleapis.com/envoy.extensions.filters";
const JWT_CONFIG = "http.jwt_authn.v3.JwtAuthentication";
const FORBIDDEN = 403;

/** The configuration of a filter when it is of that type. */
function configOf({ typedConfig }: FilterJson | HttpFilterJson, type: string): object | undefined {
  return typedConfig?.["@type"] === `${EXTENSIONS}.${type}` ? typedConfig : undefined;
}

/** What a filter of connections says. */
export function askNetworkFilter(filter: FilterJson, asked: Examined): FilterAnswer {
  const rbac: RbacConfig | undefined = configOf(filter, "network.rbac.v3.RBAC");
  if (rbac !== undefined) return rbacAnswer(RBAC_NETWORK_FILTER, rbac, asked);
  const authorizer: AuthorizerConfig | undefined = configOf(
    filter,
    "network.ext_authz.v3.ExtAuthz",
  );
  return authorizer === undefined ? {} : authorizerAnswer(authorizer, asked);
}

/** What a filter of requests says. */
export function askHttpFilter(filter: HttpFilterJson, asked: Examined): FilterAnswer {
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
