/** The HTTP routes of VirtualServices, one by one, in the order in which they are tried. */
import { isCatchAll, matchesRequest } from "./http-match.js";
import {
  type Caller,
  type HTTPMatchRequest,
  type HTTPRoute,
  type HttpRequest,
  type SourceMatch,
  selects,
  type VirtualService,
  type World,
} from "./objects.js";
import { isExported } from "./visibility.js";

/** By which way a request comes, and who makes it. */
export interface Way {
  readonly caller: Caller;
  /** `mesh`, or `namespace/name` of the Gateways. */
  readonly gateways: readonly string[];
  readonly port: number;
}

/** A route and one of its matches, with the namespace of the rule. */
export interface Rule {
  readonly route: HTTPRoute;
  readonly namespace: string;
  /** All of them have to hold: those of a root and of its delegate. None of a route for all requests. */
  readonly matches: readonly HTTPMatchRequest[];
}

/** A gateway of a VirtualService; "no namespace qualifier is the same as specifying the VirtualService's namespace". */
export const gatewayName = (gateway: string, namespace: string): string =>
  gateway === "mesh" || gateway.includes("/") ? gateway : `${namespace}/${gateway}`;

/** The gateways of a VirtualService: "the default is `mesh`". */
export const gatewaysOf = ({ metadata, spec }: VirtualService): readonly string[] =>
  (spec.gateways ?? ["mesh"]).map((one) => gatewayName(one, metadata.namespace));

/**
 * Whether a match is for those who come by a way. Names of gateways in a match "override" those of the VirtualService, and
 * "the gateway match is independent of sourceLabels": it asks for nobody in particular.
 */
function isFor(
  { port, gateways = [], sourceLabels = {}, sourceNamespace }: SourceMatch,
  namespace: string,
  { caller, gateways: through, port: called }: Way,
): boolean {
  if (port !== undefined && port !== called) return false;
  if (gateways.length > 0) {
    return gateways.some((one) => through.includes(gatewayName(one, namespace)));
  }
  const isThere = sourceNamespace === undefined || sourceNamespace === caller.namespace;
  return isThere && selects(sourceLabels, caller.labels);
}

/** "The delegate's HTTPMatchRequest must be a strict subset of the root's, otherwise there is a conflict". */
function isWithin(root: HTTPMatchRequest, own: HTTPMatchRequest): boolean {
  const [outer, inner] = [root.uri, own.uri];
  if (outer === undefined || inner === undefined) return true;
  const start = inner.exact ?? inner.prefix;
  if (outer.prefix !== undefined) return start?.startsWith(outer.prefix) === true;
  return outer.exact !== undefined && inner.exact === outer.exact;
}

/** The routes that a route leaves to a delegate: none "will take effect" where one of its matches is no subset. */
function delegated(world: World, root: HTTPRoute, namespace: string): readonly Rule[] {
  const { name = "", namespace: where = namespace } = root.delegate ?? {};
  const found = world.virtualServices.find(
    ({ metadata }) => metadata.name === name && metadata.namespace === where,
  );
  // "Private configurations" are another namespace's own, and only one level of delegation is supported.
  if (found === undefined || !isExported(found.spec.exportTo, where, namespace)) return [];
  return (found.spec.http ?? []).flatMap((route): readonly Rule[] => {
    if (route.delegate !== undefined) return [];
    const roots = root.match ?? [];
    const own = route.match ?? [];
    const rule = { route, namespace: where };
    if (roots.length === 0 || own.length === 0) {
      const either = roots.length === 0 ? own : roots;
      return either.length === 0
        ? [{ ...rule, matches: [] }]
        : either.map((match) => ({ ...rule, matches: [match] }));
    }
    const merged = own.map((inner) =>
      roots
        .filter((outer) => isWithin(outer, inner))
        .map((outer) => ({ ...rule, matches: [outer, inner] })),
    );
    return merged.some((one) => one.length === 0) ? [] : merged.flat();
  });
}

/** The rules of a VirtualService: "the list of match blocks have OR semantics"; a route without any takes all requests. */
function rulesOf(world: World, { metadata, spec }: VirtualService): readonly Rule[] {
  const { namespace } = metadata;
  return (spec.http ?? []).flatMap((route): readonly Rule[] => {
    if (route.delegate !== undefined) return delegated(world, route, namespace);
    const { match = [] } = route;
    if (match.length === 0) return [{ route, namespace, matches: [] }];
    return match.map((one) => ({ route, namespace, matches: [one] }));
  });
}

const isForAll = ({ matches }: Rule): boolean => matches.every(isCatchAll);

/** Those of its rules that may be for somebody who comes by a way: none behind one that takes all requests. */
export function rulesFor(world: World, virtualService: VirtualService, way: Way): readonly Rule[] {
  const rules = rulesOf(world, virtualService).filter(({ matches }) =>
    matches.every((one) => isFor(one, virtualService.metadata.namespace, way)),
  );
  const last = rules.findIndex(isForAll);
  return last < 0 ? rules : rules.slice(0, last + 1);
}

/** A VirtualService, and the gateways by which requests for one of its hosts come to it. */
export interface Bound {
  readonly virtualService: VirtualService;
  readonly gateways: readonly string[];
}

/**
 * "The first rule matching an incoming request is used." Of several VirtualServices for one host the "catch-all rules will
 * be moved to the end of the list"; else they are one behind the other.
 */
export function firstRule(
  world: World,
  bound: readonly Bound[],
  { caller, request }: { readonly caller: Caller; readonly request: HttpRequest },
): Rule | undefined {
  const rules = bound.flatMap(({ virtualService, gateways }) =>
    rulesFor(world, virtualService, { caller, gateways, port: request.port }),
  );
  const ordered =
    bound.length > 1
      ? [...rules.filter((one) => !isForAll(one)), ...rules.filter(isForAll)]
      : rules;
  return ordered.find(({ matches }) => matches.every((one) => matchesRequest(one, request)));
}
