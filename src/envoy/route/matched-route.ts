/** The routes of a VirtualService one by one, each with one of its matches: of each of these Envoy has a route. */
import type { HTTPMatchRequest } from "../../config/kinds/networking/virtual-service/http-match.js";
import type { HTTPRetry } from "../../config/kinds/networking/virtual-service/http-retry.js";
import type { HTTPRoute } from "../../config/kinds/networking/virtual-service/http-route.js";
import { type Labels, selects } from "../../mesh/labels.js";
import type { MadeRoute } from "../../mesh/made-of.js";
import {
  type LookUpSource,
  resolveGateway,
  type VirtualService,
} from "../../mesh/routing/virtual-service.js";
import type { RouteAction_HashPolicyJson } from "../api.js";
import type { ClusterKey } from "../names.js";
import type { DestinationContext } from "./destinations.js";

/** What the routes depend on beside the VirtualService. */
export interface RouteContext extends DestinationContext {
  /** Requests come by TLS, which ends here. */
  readonly encrypted: boolean;
  /** `mesh`, or the keys of the Gateways, for which routes are wanted. */
  readonly gateways: ReadonlySet<string>;
  /** Who calls, as far as matches ask. */
  readonly source: LookUpSource & { readonly labels: Labels };
  /** The mesh's policy for routes that say nothing of retries; undefined where it says nothing either. */
  readonly retries: HTTPRetry | undefined;
  /** Requests whose host is rewritten say which it was. */
  readonly sendsForwardedHost: boolean;
  /** What of a request decides its endpoint, by the rule for the destination. */
  readonly hashPolicy: (key: ClusterKey) => RouteAction_HashPolicyJson | undefined;
}

/** A route of a VirtualService and one of its matches, and the numbers by which they are found in it. */
export interface MatchedRoute {
  readonly route: HTTPRoute;
  readonly index: number;
  /** Of which part of another resource it was made; undefined of one from a file. */
  readonly made: MadeRoute | undefined;
  /** Absent of a route that is for every request. */
  readonly match?: { readonly request: HTTPMatchRequest; readonly index: number };
}

/** Those of a VirtualService that can hold for some callers, in order. */
export const matchedRoutes = (
  virtualService: VirtualService,
  context: RouteContext,
): readonly MatchedRoute[] =>
  routesOf(virtualService).filter(
    ({ match }) => match === undefined || applies(match.request, virtualService.namespace, context),
  );

function routesOf({ spec: { http = [] }, resource }: VirtualService): readonly MatchedRoute[] {
  return http.flatMap((route, index): readonly MatchedRoute[] => {
    const { match = [] } = route;
    const whole: MatchedRoute = { route, index, made: resource.madeOf?.[index] };
    if (match.length === 0) return [whole];
    return match.map((request, i) => ({ ...whole, match: { request, index: i } }));
  });
}

/** Whether a match can hold at all for this caller, port and gateway; the rest of it is for Envoy to decide. */
function applies(match: HTTPMatchRequest, namespace: string, context: RouteContext): boolean {
  const { gateways = [], port = 0, sourceLabels = {}, sourceNamespace = "" } = match;
  if (port !== 0 && port !== context.listenPort) return false;
  // Who names gateways means requests of any caller there: the rest is not looked at, see Istio, HTTPMatchRequest.gateways.
  if (gateways.length > 0) {
    return gateways.some((gateway) => context.gateways.has(resolveGateway(gateway, namespace)));
  }
  const { source } = context;
  const isFrom = sourceNamespace === "" || sourceNamespace === source.namespace;
  return isFrom && selects(sourceLabels, source.labels);
}

/** Whether the proxy answers by itself. */
export const isAnswered = ({ redirect, directResponse: answer }: HTTPRoute): boolean =>
  redirect !== undefined || answer !== undefined;
