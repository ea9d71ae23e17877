/** `describe`: which routes of a VirtualService lead to some pods, and why others do not. */
import type { Destination } from "../../config/kinds/networking/virtual-service/destination.js";
import type { HTTPFaultInjection } from "../../config/kinds/networking/virtual-service/fault-injection.js";
import type { HTTPMatchRequest } from "../../config/kinds/networking/virtual-service/http-match.js";
import type { HTTPRoute } from "../../config/kinds/networking/virtual-service/http-route.js";
import type { Percent } from "../../config/kinds/value/fields.js";
import type { StringMatch } from "../../config/kinds/value/string-match.js";
import { resolveHost } from "../../mesh/host-resolver.js";
import {
  destinationHosts,
  resolveGateway,
  type VirtualService,
} from "../../mesh/routing/virtual-service.js";
import type { SubsetMatch } from "./destination-rule.js";
import { indented, placeOf, type Subject, shortName } from "./subject.js";

/** The service that a description is about, with the subsets that its pods belong to. */
export interface Target {
  readonly hostname: string;
  readonly subsets: SubsetMatch;
}

/** What a route has to do with a target. */
interface Fact {
  readonly reaches: boolean;
  readonly lines: readonly string[];
}

interface Matched {
  readonly match?: readonly { readonly gateways?: readonly string[] }[];
}

/**
 * A VirtualService with the routes and matches alone that are for a Gateway, by its key, or for the sidecars (`mesh`): one
 * for an egress gateway has routes to that for the sidecars, and routes on from there.
 */
export function virtualServiceAt(
  { mesh }: Pick<Subject, "mesh">,
  virtualService: VirtualService,
  gateway: string,
): VirtualService {
  const { spec, namespace, aliases } = virtualService;
  const isAt = ({ gateways = [] }: { readonly gateways?: readonly string[] }): boolean =>
    gateways.length === 0 || gateways.some((name) => resolveGateway(name, namespace) === gateway);
  const routesAt = <Route extends Matched>(routes: readonly Route[] = []): readonly Route[] =>
    routes.flatMap((route) => {
      const { match = [] } = route;
      const own = match.filter(isAt);
      if (own.length === match.length) return [route];
      return own.length === 0 ? [] : [{ ...route, match: own }];
    });
  const { http, tls, tcp } = spec;
  const own = { ...spec, http: routesAt(http), tls: routesAt(tls), tcp: routesAt(tcp) };
  const destinations = destinationHosts(own, namespace, mesh.resolver).flatMap((host) => [
    host,
    aliases.get(host) ?? host,
  ]);
  return { ...virtualService, spec: own, destinations };
}

/** A VirtualService as far as it leads to a service: which requests, and how many of them. */
export function describeVirtualService(
  subject: Subject,
  virtualService: VirtualService,
  target: Target,
): readonly string[] {
  const { source } = virtualService;
  const facts = factsOf(subject, virtualService, target);
  const reaching = facts.filter(({ reaches }) => reaches);
  const missing = facts.length - reaching.length;
  return [
    `${source.kind}: ${shortName(subject, source)}${placeOf(subject, source)}`,
    ...indented([
      ...reaching.flatMap(({ lines }) => lines),
      ...(reaching.length === 0
        ? [
            `WARNING: none of its ${facts.length} routes leads to these pods`,
            ...indented(facts.flatMap(({ lines }) => lines)),
          ]
        : []),
      ...(reaching.length > 0 && missing > 0
        ? [`${missing} more ${missing === 1 ? "route does" : "routes do"} not lead to these pods`]
        : []),
    ]),
  ];
}

function factsOf(
  subject: Subject,
  { spec, namespace }: VirtualService,
  target: Target,
): readonly Fact[] {
  const isTarget = (host: string): boolean =>
    resolveHost(host, namespace, subject.mesh.resolver) === target.hostname;
  const l4 = [...(spec.tls ?? []), ...(spec.tcp ?? [])];
  return [
    ...(spec.http ?? []).map((route) => httpFact(route, target, isTarget)),
    ...l4.map(({ route = [] }) => {
      const own = route.filter(({ destination }) => isTarget(destination.host));
      const reached = own.filter(({ destination }) => reachesPods(destination, target));
      return {
        reaches: reached.length > 0,
        lines:
          reached.length > 0
            ? reached.map(describeDestination)
            : own.map(({ destination }) => describeMiss(destination, target)),
      };
    }),
  ];
}

function httpFact(route: HTTPRoute, target: Target, isTarget: (host: string) => boolean): Fact {
  const destinations = route.route ?? [];
  const own = destinations.filter(({ destination }) => isTarget(destination.host));
  const missed = own.filter(({ destination }) => !reachesPods(destination, target));
  const reaches = missed.length < own.length;
  const matches = (route.match ?? []).map(conditionsOf);
  const taken = matches.length === 0 ? EVERYTHING : matches.map((one) => `(${one})`).join(", ");
  return {
    reaches,
    lines: reaches
      ? [
          ...destinations.filter((one) => !missed.includes(one)).map(describeDestination),
          ...describeFault(route.fault),
          ...(matches.length === 0 ? [] : [matches.map((one) => `Match: ${one}`).join(", ")]),
        ]
      : own.map(({ destination }) => describeMiss(destination, target, ` for ${taken}`)),
  };
}

const reachesPods = ({ subset = "" }: Destination, { subsets }: Target): boolean =>
  subset === "" || subsets.matching.includes(subset);

/** How requests are held up, and which of them are answered with an error. */
function describeFault(fault: HTTPFaultInjection | undefined): readonly string[] {
  const { delay, abort } = fault ?? {};
  const status = abort?.grpcStatus ?? abort?.httpStatus;
  const faults = [
    ...(delay?.fixedDelay === undefined
      ? []
      : [`${shareOf(delay.percentage, delay.percent)} delayed by ${delay.fixedDelay}`]),
    ...(status === undefined ? [] : [`${shareOf(abort?.percentage, 0)} answered with ${status}`]),
  ];
  return faults.length === 0 ? [] : [`Fault injection: ${faults.join(", ")}`];
}

const shareOf = (percentage: Percent | undefined, percent = 0): string =>
  `${percentage === undefined ? percent : (percentage.value ?? 0)}%`;

interface Weighted {
  readonly destination: Destination;
  readonly weight?: number;
}

function describeDestination({ destination, weight }: Weighted): string {
  const { host, subset = "" } = destination;
  const to = `Route to host "${host}"${subset === "" ? "" : ` subset "${subset}"`}`;
  return weight === undefined ? to : `${to} with weight ${weight}%`;
}

/** Why a route misses the pods; `taken` says which requests it takes. */
function describeMiss({ subset = "" }: Destination, { subsets }: Target, taken = ""): string {
  return subsets.others.includes(subset)
    ? `Route to non-matching subset ${subset}${taken}`
    : `WARNING: Route to subset ${subset}${taken}, which no DestinationRule defines`;
}

/** What istioctl writes of a route without matches. */
const EVERYTHING = "(everything)";

/** Which requests a match takes, as istioctl writes it: `/api* when headers are end-user=jason`. */
function conditionsOf({ uri, headers = {}, ignoreUriCase }: HTTPMatchRequest): string {
  const path = uri === undefined ? "" : describeText(uri);
  const conditions = Object.entries(headers).map(
    ([name, value]) => `${name}=${describeText(value)}`,
  );
  const told = [
    ...(path === "" ? [] : [path + (ignoreUriCase === true ? " uncased" : "")]),
    ...(conditions.length === 0 ? [] : [`when headers are ${conditions.join("; ")}`]),
  ];
  return told.length === 0 ? "by other conditions" : told.join(" ");
}

const describeText = ({ exact, prefix, regex }: StringMatch): string =>
  exact ?? (prefix === undefined ? `regex:"${regex ?? ""}"` : `${prefix}*`);
