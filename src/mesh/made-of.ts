/**
 * Gateways and VirtualServices that stand for resources of other kinds, Ingresses and those of the Gateway API: of which
 * parts of which resources they are made, and in what they differ from those of files.
 */
import type { ResourceOf } from "../config/kinds.js";
import { type ResourceRef, refOf } from "../config/resource.js";

type Gateway = ResourceOf<"Gateway">;
type VirtualService = ResourceOf<"VirtualService">;
type Annotated = Pick<Gateway | VirtualService, "metadata">;

/** A part of a resource. */
export interface MadePart {
  readonly ref: ResourceRef;
  /** As text, from its spec on: `rules[0].http.paths[1]`; "" is the resource as a whole. */
  readonly path: string;
}

/** Names the part of which each route of a VirtualService is made, a line each; of a Gateway, that of its one server. */
const MADE_OF = "fairlead/made-of";
/** As Istio tells the VirtualServices that it makes from those of files. */
const SEMANTICS = "internal.istio.io/route-semantics";

/** Of what VirtualServices are made: of Ingresses, or of routes of the Gateway API. */
export type RouteSemantics = "ingress" | "gateway";

/** The annotation that names parts, in the order of the routes that they made. */
export function madeOf(parts: readonly MadePart[]): Readonly<Record<string, string>> {
  const lines = parts.map(({ ref, path }) => `${ref.kind} ${ref.namespace}/${ref.name} ${path}`);
  return { [MADE_OF]: lines.join("\n") };
}

/** The annotation of VirtualServices that are made of such resources. */
export function routeSemantics(semantics: RouteSemantics): Readonly<Record<string, string>> {
  return { [SEMANTICS]: semantics };
}

/** The part of which a route of a VirtualService, or the server of a Gateway, was made; undefined of one from a file. */
export function madePart({ metadata }: Annotated, index: number): MadePart | undefined {
  const line = metadata.annotations[MADE_OF]?.split("\n")[index] ?? "";
  const [, kind, namespace = "", name = "", path = ""] =
    /^(\w+) ([^/]*)\/(\S*) (.*)$/.exec(line) ?? [];
  return kind === undefined ? undefined : { ref: { kind, namespace, name }, path };
}

/** The resource of a file that a resource is, or was made of. */
export function originOf(resource: Gateway | VirtualService): ResourceRef {
  return madePart(resource, 0)?.ref ?? refOf(resource);
}

const semanticsOf = ({ metadata }: Annotated): string | undefined =>
  metadata.annotations[SEMANTICS];

/** Whether the prefixes of a VirtualService end where a segment of the path does, as those of Kubernetes' kinds do. */
export function matchesBySegment(resource: Annotated): boolean {
  return semanticsOf(resource) === "ingress" || isOfGatewayApi(resource);
}

/** Whether a VirtualService is made of routes of the Gateway API. */
export function isOfGatewayApi(resource: Annotated): boolean {
  return semanticsOf(resource) === "gateway";
}
