/** What the filters of a proxy that decide who may do what say to a request. */
import type {
  FilterChainJson,
  HttpConnectionManagerJson,
  HttpFilterJson,
  RouteJson,
} from "../../envoy/api.js";
import type { Call, HttpRequest } from "../call.js";
import { certificateOf } from "../network-filters.js";
import type { Passed } from "../outcome.js";
import { type ReceivedCall, receivedCall } from "../received-call.js";
import { askHttpFilter, askNetworkFilter } from "./ask-filter.js";
import type { FilterAnswer, FilterVerdict, Metadata } from "./filter-answer.js";
import type { Examined } from "./rbac.js";

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
  const network = pass(chain?.filters ?? [], { call }, askNetworkFilter);
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
  return pass(filtersFor(manager, route), receivedCall(manager, call), askHttpFilter);
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
  ask: (filter: Filter, asked: Examined) => FilterAnswer,
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
