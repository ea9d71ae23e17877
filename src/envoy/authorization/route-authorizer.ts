/**
 * Who is asked about the requests of single routes. A connection manager has a filter for each authorizer, by a name that says
 * all that the filter does; it asks about the requests of those routes alone that name it.
 */
import {
  authorizerOfText,
  type RouteAuthorizer,
  textOfAuthorizer,
} from "../../mesh/gateway-api/external-auth.js";
import { any } from "../any.js";
import type { ExtAuthzJson, HttpFilterJson, RouteJson } from "../api.js";
import { outboundClusterName } from "../names.js";
import { exactHeaders, grpcAuthorizer, httpAuthorizer } from "./ext-authz.js";

const MESSAGES = "envoy.extensions.filters.http.ext_authz.v3";
const PREFIX = "envoy.filters.http.ext_authz/";
/** How long an answer is waited for; a request that gets none by then ends in an error. */
const TIMEOUT = "10s";
/** The status of requests whose authorizer cannot be reached: a server error, since the client is not to blame. */
const UNANSWERED = 500;

/**
 * The headers that are never copied from an authorizer's answer to the request: those of the answer itself, of its body and
 * of its connection, and those by which a request is routed. All others may be.
 */
const NEVER_TAKEN =
  "(?i)(host|date|server|via|connection|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-.*|content-.*)";

/** The `typedPerFilterConfig` of a route about whose requests an authorizer is asked: it enables that authorizer's filter. */
export function askingRoute(
  authorizer: RouteAuthorizer,
): NonNullable<RouteJson["typedPerFilterConfig"]> {
  const config = any(`${MESSAGES}.ExtAuthzPerRoute`, { checkSettings: {} });
  return { [`${PREFIX}${textOfAuthorizer(authorizer)}`]: config };
}

/** Whether a filter of this name asks an authorizer about the requests of routes. */
export const isRouteAuthorizer = (filter: string): boolean => filter.startsWith(PREFIX);

/** The filter that a name made by `askingRoute` describes; none for a text that is no such name. */
export function routeAuthorizerFilter(name: string): readonly HttpFilterJson[] {
  const authorizer = authorizerOfText(name.slice(PREFIX.length));
  return authorizer === undefined ? [] : [filterOf(authorizer, name)];
}

function filterOf(authorizer: RouteAuthorizer, name: string): HttpFilterJson {
  const { maxBody } = authorizer;
  return {
    name,
    disabled: true,
    typedConfig: any(`${MESSAGES}.ExtAuthz`, {
      ...transport(authorizer),
      transportApiVersion: "V3",
      statusOnError: { code: UNANSWERED },
      validateMutations: true,
      ...(maxBody === undefined ? {} : { withRequestBody: { maxRequestBytes: maxBody } }),
    }),
  };
}

function transport({
  protocol,
  hostname,
  port,
  path,
  told,
  taken,
}: RouteAuthorizer): Partial<ExtAuthzJson> {
  const cluster = outboundClusterName({ port, subset: "", hostname });
  const allowedHeaders = exactHeaders(told);
  const sent = allowedHeaders === undefined ? {} : { allowedHeaders };
  if (protocol === "grpc") {
    return { grpcService: grpcAuthorizer({ hostname, cluster }, TIMEOUT), ...sent };
  }
  const upstream = exactHeaders(taken) ?? { patterns: [{ safeRegex: { regex: ".*" } }] };
  return {
    httpService: {
      ...httpAuthorizer({ hostname, cluster }, TIMEOUT),
      ...(path === undefined ? {} : { pathPrefix: path }),
      authorizationResponse: { allowedUpstreamHeaders: upstream },
    },
    decoderHeaderMutationRules: { disallowExpression: { regex: NEVER_TAKEN } },
    ...sent,
  };
}
