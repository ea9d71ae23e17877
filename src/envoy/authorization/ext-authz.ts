/** Envoy's external authorization filters, for HTTP and for connections. See Istio, pilot/pkg/security/authz/builder. */

import { defined } from "../../base/defined.js";
import { byKey } from "../../base/text/compare-text.js";
import type { ExternalAuthorizer } from "../../config/mesh-config/external-authorizer.js";
import { any } from "../any.js";
import type {
  ExtAuthzJson,
  FilterJson,
  HttpFilterJson,
  ListStringMatcherJson,
  MetadataMatcherJson,
  StringMatcherJson,
} from "../api.js";
import { goDuration } from "../duration.js";
import { RBAC_HTTP_FILTER, RBAC_NETWORK_FILTER } from "./rbac.js";

/** The host and the cluster by which an authorizer is called. */
export interface AuthorizerAddress {
  readonly hostname: string;
  readonly cluster: string;
}

/** What the RBAC filter in front writes into metadata: which of the rules with this prefix, which it does not enforce, a request is for. */
export const EXT_AUTHZ_NOTES = "istio_ext_authz_";

const DEFAULT_TIMEOUT = "600s";

/** What the names of a provider's rules begin with. */
export const ruleNamePrefix = (provider: string): string =>
  provider === "" ? "istio-ext-authz" : `istio-ext-authz-${provider}`;

/** Asks the authorizer only about requests for which the RBAC filter in front found one of the provider's rules. */
function whenRuleOf(provider: string, filter: string): MetadataMatcherJson {
  return {
    filter,
    path: [{ key: `${EXT_AUTHZ_NOTES}shadow_effective_policy_id` }],
    value: { stringMatch: { prefix: ruleNamePrefix(provider) } },
  };
}

/** Headers of these names, in any case; undefined for none. */
export function exactHeaders(names: readonly string[]): ListStringMatcherJson | undefined {
  if (names.length === 0) return undefined;
  return { patterns: names.map((exact) => ({ exact, ignoreCase: true })) };
}

function headerNames(names: readonly string[] | undefined): ListStringMatcherJson | undefined {
  if (names === undefined || names.length === 0) return undefined;
  return { patterns: names.map((name) => ({ ...headerName(name), ignoreCase: true })) };
}

function headerName(name: string): StringMatcherJson {
  if (name.startsWith("*")) return { suffix: name.slice(1) };
  return name.endsWith("*") ? { prefix: name.slice(0, -1) } : { exact: name };
}

type HttpSettings = Extract<ExternalAuthorizer, { kind: "envoyExtAuthzHttp" }>["settings"];

/** An authorizer that speaks HTTP. */
export function httpAuthorizer(
  { hostname, cluster }: AuthorizerAddress,
  timeout: string,
): NonNullable<ExtAuthzJson["httpService"]> {
  // Envoy wants a URI, and goes by the cluster.
  return { serverUri: { uri: `http://${hostname}`, cluster, timeout } };
}

/** An authorizer that speaks Envoy's protocol by gRPC. */
export function grpcAuthorizer(
  { hostname, cluster }: AuthorizerAddress,
  timeout: string,
): NonNullable<ExtAuthzJson["grpcService"]> {
  // The name of the cluster, which the authority would be otherwise, is none that a server accepts.
  return { envoyGrpc: { clusterName: cluster, authority: hostname }, timeout };
}

const timeoutOf = ({ timeout }: ExternalAuthorizer["settings"]): string =>
  goDuration(timeout) ?? DEFAULT_TIMEOUT;

function httpService(settings: HttpSettings, address: AuthorizerAddress) {
  const added = Object.entries(settings.includeAdditionalHeadersInCheck ?? {})
    .sort(byKey)
    .map(([key, value]) => ({ key, value }));
  const answer = defined({
    allowedUpstreamHeaders: headerNames(settings.headersToUpstreamOnAllow),
    allowedClientHeaders: headerNames(settings.headersToDownstreamOnDeny),
    allowedClientHeadersOnSuccess: headerNames(settings.headersToDownstreamOnAllow),
  });
  return {
    ...httpAuthorizer(address, timeoutOf(settings)),
    ...defined({ pathPrefix: settings.pathPrefix }),
    ...(added.length > 0 ? { authorizationRequest: { headersToAdd: added } } : {}),
    ...(Object.keys(answer).length > 0 ? { authorizationResponse: answer } : {}),
  };
}

function transport(authorizer: ExternalAuthorizer, address: AuthorizerAddress): object {
  if (authorizer.kind === "envoyExtAuthzGrpc") {
    return { grpcService: grpcAuthorizer(address, timeoutOf(authorizer.settings)) };
  }
  const { settings } = authorizer;
  const sent =
    headerNames(settings.includeRequestHeadersInCheck) ??
    headerNames(settings.includeHeadersInCheck);
  return { httpService: httpService(settings, address), ...defined({ allowedHeaders: sent }) };
}

/** The filter of a connection manager. */
export function extAuthzHttpFilter(
  provider: string,
  authorizer: ExternalAuthorizer,
  address: AuthorizerAddress,
): HttpFilterJson {
  const { failOpen, clearRouteCache, statusOnError, includeRequestBodyInCheck } =
    authorizer.settings;
  return {
    name: "envoy.filters.http.ext_authz",
    typedConfig: any("envoy.extensions.filters.http.ext_authz.v3.ExtAuthz", {
      ...transport(authorizer, address),
      transportApiVersion: "V3",
      filterEnabledMetadata: whenRuleOf(provider, RBAC_HTTP_FILTER),
      ...defined({ failureModeAllow: failOpen, clearRouteCache }),
      ...(statusOnError === undefined || statusOnError === ""
        ? {}
        : { statusOnError: { code: Number(statusOnError) } }),
      ...defined({ withRequestBody: includeRequestBodyInCheck }),
    }),
  };
}

/** The filter of connections; undefined for an authorizer that speaks HTTP, which cannot be asked about them. */
export function extAuthzNetworkFilter(
  provider: string,
  authorizer: ExternalAuthorizer,
  address: AuthorizerAddress,
): FilterJson | undefined {
  if (authorizer.kind === "envoyExtAuthzHttp") return undefined;
  return {
    name: "envoy.filters.network.ext_authz",
    typedConfig: any("envoy.extensions.filters.network.ext_authz.v3.ExtAuthz", {
      statPrefix: "tcp.",
      grpcService: grpcAuthorizer(address, timeoutOf(authorizer.settings)),
      transportApiVersion: "V3",
      filterEnabledMetadata: whenRuleOf(provider, RBAC_NETWORK_FILTER),
      ...defined({ failureModeAllow: authorizer.settings.failOpen }),
    }),
  };
}
