/** Routes of the Gateway API at what they are attached to, and the VirtualServices that those at one place are together. */
import type { VirtualServiceSpec } from "../../config/kinds/virtual-service.js";
import type { ResourceOf } from "../../config/kinds.js";
import type { ResourceMetadata, ResourceRef } from "../../config/resource.js";
import { madeOf, routeSemantics } from "../made-of.js";
import { compareMatches } from "./http-match.js";
import type { MadeRoute } from "./http-rule.js";

/** What a route is attached to: all that calls a Service, or the hosts of a ServiceEntry. */
export interface MeshParent {
  readonly kind: "Service" | "ServiceEntry";
  /** `namespace/name`. */
  readonly key: string;
  /** The one port of it that is meant; undefined for all. */
  readonly port: number | undefined;
}

/** An HTTPRoute at one of its parents, as the routes of VirtualServices that it means there. */
export interface AttachedRoute {
  readonly ref: ResourceRef;
  readonly creationTimestamp: string | undefined;
  readonly parent: MeshParent;
  readonly http: readonly MadeRoute[];
}

/** The older of two routes first, then by namespace and name. See Istio, sortRoutesByCreationTime. */
function compareAge(a: AttachedRoute, b: AttachedRoute): number {
  return (
    compare(a.creationTimestamp ?? "", b.creationTimestamp ?? "") ||
    compare(a.ref.namespace, b.ref.namespace) ||
    compare(a.ref.name, b.ref.name)
  );
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Whose requests a VirtualService is for, and for which host. */
export interface MadeFor {
  readonly name: string;
  readonly namespace: string;
  readonly host: string;
  readonly gateway: string;
  readonly exportTo?: readonly string[];
}

/**
 * The VirtualService of the routes for one host at one place: the rules of all of them, in the order of their matches; of
 * equal matches that of the older route counts. undefined when they have none.
 */
export function mergedVirtualService(
  attached: readonly AttachedRoute[],
  { name, namespace, host, gateway, exportTo }: MadeFor,
): ResourceOf<"VirtualService"> | undefined {
  const byAge = [...attached].sort(compareAge);
  const http = byAge.flatMap((one) => one.http).sort(compareRoutes);
  if (http.length === 0) return undefined;
  const spec: VirtualServiceSpec = {
    hosts: [host],
    gateways: [gateway],
    http: http.map(({ route }) => route),
    ...(exportTo === undefined ? {} : { exportTo }),
  };
  const creationTimestamp = byAge[0]?.creationTimestamp;
  const metadata: ResourceMetadata = {
    name,
    namespace,
    labels: {},
    annotations: { ...routeSemantics("gateway"), ...madeOf(http.map(({ part }) => part)) },
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
  };
  return {
    kind: "VirtualService",
    apiVersion: "networking.istio.io/v1",
    metadata,
    spec,
    status: undefined,
  };
}

const compareRoutes = (a: MadeRoute, b: MadeRoute): number =>
  compareMatches(a.route.match?.[0] ?? {}, b.route.match?.[0] ?? {});
