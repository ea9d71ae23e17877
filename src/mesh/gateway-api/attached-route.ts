/** Routes of the Gateway API at what they are attached to, and the VirtualServices that those at one place are together. */
import { compareText } from "../../base/text/compare-text.js";
import type { ParentReference } from "../../config/kinds/gateway-api/parents.js";
import type { HTTPRoute } from "../../config/kinds/networking/virtual-service/http-route.js";
import type {
  TCPRoute,
  TLSRoute,
} from "../../config/kinds/networking/virtual-service/l4-routes.js";
import type { ResourceMetadata, ResourceRef } from "../../config/resource.js";
import { compareSpecificity } from "../hostname.js";
import {
  type MadeRoute,
  parentsOf,
  routeSemantics,
  type VirtualServiceResource,
} from "../made-of.js";
import { compareMatches } from "./http-match.js";
import { withKeptBackends } from "./kept-backends.js";

/** All that calls a Service, or the hosts of a ServiceEntry. */
export interface MeshParent {
  readonly kind: "Service" | "ServiceEntry";
  /** `namespace/name`. */
  readonly key: string;
  /** What says which of its ports is meant. */
  readonly reference: Pick<ParentReference, "sectionName" | "port">;
}

/** A host at a listener of a Gateway. */
export interface ListenerParent {
  readonly kind: "KubernetesGateway";
  /** The key of the Gateway of Istio's that stands for the listener. */
  readonly key: string;
  readonly host: string;
  /** The route's own host, of which that is a part; `*` of a route without hostnames. */
  readonly own: string;
}

/** A route of a VirtualService, and the part of which it was made. */
export interface Made<Route> {
  readonly route: Route;
  readonly part: MadeRoute;
}

/** What a route says, in the words of VirtualServices: one of the three. */
export type MadeRules =
  | { readonly protocol: "http"; readonly routes: readonly Made<HTTPRoute>[] }
  | { readonly protocol: "tls"; readonly routes: readonly Made<TLSRoute>[] }
  | { readonly protocol: "tcp"; readonly routes: readonly Made<TCPRoute>[] };

/** A route at one of its parents. */
export interface AttachedRoute {
  readonly ref: ResourceRef;
  readonly creationTimestamp: string | undefined;
  readonly parent: MeshParent | ListenerParent;
  readonly rules: MadeRules;
}

/** The older of two routes first, then by namespace and name. See Istio, sortRoutesByCreationTime. */
function compareAge(a: AttachedRoute, b: AttachedRoute): number {
  return (
    compareText(a.creationTimestamp ?? "", b.creationTimestamp ?? "") ||
    compareText(a.ref.namespace, b.ref.namespace) ||
    compareText(a.ref.name, b.ref.name)
  );
}

/** Whose requests a VirtualService is for, and for which host. */
export interface MadeFor {
  readonly name: string;
  /** That of the oldest of the routes when absent. */
  readonly namespace?: string;
  readonly host: string;
  readonly gateway: string;
  readonly exportTo?: readonly string[];
}

/**
 * The VirtualService of the routes of one protocol for one host at one place: the rules of all of them, in the order of their
 * matches; of equal matches that of the older route counts. undefined when they have none.
 */
export function mergedVirtualService(
  attached: readonly AttachedRoute[],
  { name, namespace, host, gateway, exportTo }: MadeFor,
): VirtualServiceResource | undefined {
  const byAge = [...attached].sort(compareAge);
  const [oldest] = byAge;
  if (oldest === undefined) return undefined;
  const { protocol } = oldest.rules;
  const made = protocol === "http" ? inOrder(byAge) : byAge.flatMap(({ rules }) => rules.routes);
  if (made.length === 0) return undefined;
  const metadata: ResourceMetadata = {
    name,
    namespace: namespace ?? oldest.ref.namespace,
    labels: {},
    annotations: {
      ...routeSemantics("gateway"),
      ...parentsOf(byAge.map(({ ref }) => ref)),
    },
    ...(oldest.creationTimestamp === undefined
      ? {}
      : { creationTimestamp: oldest.creationTimestamp }),
  };
  return {
    kind: "VirtualService",
    apiVersion: "networking.istio.io/v1",
    metadata,
    spec: {
      hosts: [host],
      gateways: [gateway],
      [protocol]: made.map(({ route }) => route),
      ...(exportTo === undefined ? {} : { exportTo }),
    },
    status: undefined,
    madeOf: made.map(({ part }) => part),
  };
}

/** HTTP routes in the order in which they are to be matched: those of the route with the closest host first. */
function inOrder(byAge: readonly AttachedRoute[]): readonly Made<HTTPRoute>[] {
  return byAge
    .flatMap(({ parent, rules }) => {
      const own = parent.kind === "KubernetesGateway" ? parent.own : "";
      return rules.protocol === "http" ? rules.routes.map((made) => ({ own, made })) : [];
    })
    .sort(
      (a, b) =>
        compareSpecificity(a.own, b.own) ||
        compareMatches(a.made.route.match?.[0] ?? {}, b.made.route.match?.[0] ?? {}),
    )
    .flatMap(({ made }) => withKeptBackends(made));
}
