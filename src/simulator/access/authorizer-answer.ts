/** What a filter says that asks an authorizer outside of Envoy. See Envoy, "External Authorization". */
import type { MetadataMatcherJson } from "../../envoy/api.js";
import type { FilterAnswer, FilterVerdict } from "./filter-answer.js";
import { type Examined, hasMetadata, metadataAt } from "./rbac.js";

/** The configuration of such a filter. */
export interface AuthorizerConfig {
  readonly filterEnabledMetadata?: MetadataMatcherJson;
  readonly failureModeAllow?: boolean;
  readonly grpcService?: { readonly envoyGrpc?: { readonly authority?: string } };
  readonly httpService?: { readonly serverUri?: { readonly uri?: string } };
}

/** Whether another one is asked can be known, and not what it says. */
export function authorizerAnswer(config: AuthorizerConfig, asked: Examined): FilterAnswer {
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
