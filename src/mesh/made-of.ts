/**
 * Gateways, VirtualServices and DestinationRules that are made from resources of other kinds: from Ingresses and from the
 * Gateway API. Annotations say from which part of which resource each is made, and how it differs from one that a file has.
 */
import type { Path } from "../config/kind.js";
import type { ResourceOf } from "../config/kinds.js";
import { type ResourceRef, refOf } from "../config/resource.js";

type Gateway = ResourceOf<"Gateway">;
type VirtualService = ResourceOf<"VirtualService">;
type DestinationRule = ResourceOf<"DestinationRule">;
type Annotated = Pick<Gateway | VirtualService | DestinationRule, "metadata">;

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

/** The same of Gateways. */
const GATEWAY_SEMANTICS = "internal.istio.io/gateway-semantics";

/** As Istio tells in which namespace a Gateway is that is served elsewhere than where its listeners are written. */
const PARENT_NAMESPACE = "internal.istio.io/parent-namespace";

/** Of what VirtualServices are made: of Ingresses, or of routes of the Gateway API. */
export type RouteSemantics = "ingress" | "gateway";

/** The annotation that names parts, in the order of the routes that they made. */
export function madeOf(parts: readonly MadePart[]): Readonly<Record<string, string>> {
  const lines = parts.map(({ ref, path }) => `${ref.kind} ${ref.namespace}/${ref.name} ${path}`);
  return { [MADE_OF]: lines.join("\n") };
}

/** By this annotation Istio tells of which routes a VirtualService was made. */
const PARENTS = "internal.istio.io/parents";

/** The annotation that names the routes of which a VirtualService was made. */
export function parentsOf(refs: readonly ResourceRef[]): Readonly<Record<string, string>> {
  const names = refs.map(({ kind, name, namespace }) => `${kind}/${name}.${namespace}`);
  return { [PARENTS]: names.join(",") };
}

/** Whether a VirtualService was made of a TLSRoute: its routes are of TLS also where TLS ends. */
export function isOfTlsRoute({ metadata }: Annotated): boolean {
  return metadata.annotations[PARENTS]?.startsWith("TLSRoute/") === true;
}

/** The annotation of VirtualServices that are made of such resources. */
export function routeSemantics(semantics: RouteSemantics): Readonly<Record<string, string>> {
  return { [SEMANTICS]: semantics };
}

/** The annotation of Gateways that are made of listeners of the Gateway API. */
export function gatewaySemantics(): Readonly<Record<string, string>> {
  return { [GATEWAY_SEMANTICS]: "gateway" };
}

/** The annotation of Gateways that are made of listeners which another resource adds to a Gateway of a namespace. */
export function addedTo(namespace: string): Readonly<Record<string, string>> {
  return { [PARENT_NAMESPACE]: namespace };
}

/** Whether a Gateway is made of a listener that was added to one of the Gateway API. */
export function isAdded({ metadata }: Pick<Gateway, "metadata">): boolean {
  return PARENT_NAMESPACE in metadata.annotations;
}

/** The namespace of the workloads that serve a Gateway which is made of a listener. */
export function servingNamespace({ metadata }: Pick<Gateway, "metadata">): string {
  return metadata.annotations[PARENT_NAMESPACE] ?? metadata.namespace;
}

/**
 * The parts of which the routes of a VirtualService, in their order, or the server of a Gateway were made; none of one from a
 * file.
 */
export function madeParts({ metadata }: Annotated): readonly MadePart[] {
  return metadata.annotations[MADE_OF]?.split("\n").map(partOf) ?? [];
}

function partOf(line: string): MadePart {
  const [, kind = "", namespace = "", name = "", path = ""] =
    /^(\w+) ([^/]*)\/(\S*) (.*)$/.exec(line) ?? [];
  return { ref: { kind, namespace, name }, path };
}

/** The resource of a file that a resource is, or was made of. */
export function originOf(resource: Gateway | VirtualService | DestinationRule): ResourceRef {
  return madeParts(resource)[0]?.ref ?? refOf(resource);
}

const semanticsOf = ({ metadata }: Annotated): string | undefined =>
  metadata.annotations[SEMANTICS];

/** Whether the prefixes of a VirtualService end where a segment of the path does, as those of Kubernetes' kinds do. */
export function matchesBySegment(resource: Annotated): boolean {
  return semanticsOf(resource) === "ingress" || isOfGatewayApi(resource);
}

/** Where in a resource a part is: `rules[0].matches[1]` as the path that it is. */
export function pathOfPart(path: string): Path {
  const steps = [...path.matchAll(/([a-zA-Z]+)|\[(\d+)\]/g)];
  return ["spec", ...steps.map(([, name, index]) => name ?? Number(index))];
}

/** Whether a Gateway is made of a listener of the Gateway API: only workloads of one namespace serve it. */
export function isOfListener({ metadata }: Pick<Gateway, "metadata">): boolean {
  return metadata.annotations[GATEWAY_SEMANTICS] === "gateway";
}

/** Whether a VirtualService is made of routes of the Gateway API. */
export function isOfGatewayApi(resource: Annotated): boolean {
  return semanticsOf(resource) === "gateway";
}
