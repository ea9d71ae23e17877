/**
 * Gateways, VirtualServices and DestinationRules that are made from resources of other kinds: from Ingresses and from the
 * Gateway API. Each says of which parts of which resources it is made. How it differs from one that a file has it says by
 * Istio's own annotations, since files may have these too.
 */
import type { Table } from "../base/table/table.js";
import type { Path } from "../config/kind.js";
import type { ResourceOf } from "../config/kinds.js";
import { type ResourceRef, refOf } from "../config/resource.js";
import type { RouteAuthorizer } from "./gateway-api/external-auth.js";
import type { SessionState } from "./gateway-api/session.js";

/** A part of a resource. */
export interface MadePart {
  readonly ref: ResourceRef;
  /** As text, from its spec on: `rules[0].http.paths[1]`; "" is the resource as a whole. */
  readonly path: string;
}

/** What a route of a VirtualService is made of, and what of it VirtualServices have no fields for. */
export interface MadeRoute extends MadePart {
  /** How it keeps clients with their endpoints. */
  readonly session?: SessionState;
  /** Who is asked about its requests. */
  readonly authorizer?: RouteAuthorizer;
}

/** A Gateway of a file, or one that is made of other resources. */
export interface GatewayResource extends ResourceOf<"Gateway"> {
  /** The part of which its one server is made; absent from one of a file. */
  readonly madeOf?: readonly [MadePart];
  /** The credential that its workloads show to backends that speak TLS. See Gateway API, Gateway.spec.tls.backend. */
  readonly backendCredential?: string;
}

/** A VirtualService of a file, or one that is made of other resources. */
export interface VirtualServiceResource extends ResourceOf<"VirtualService"> {
  /** The part of which each of its routes is made, in their order; absent from one of a file. */
  readonly madeOf?: readonly MadeRoute[];
}

/** A DestinationRule of a file, or one that is made of other resources. */
export interface DestinationRuleResource extends ResourceOf<"DestinationRule"> {
  /** The parts of which it is made; absent from one of a file. */
  readonly madeOf?: readonly MadePart[];
}

/** The Gateways and VirtualServices of a mesh, with those that are made, by `namespace/name`. */
export interface MadeRouting {
  readonly Gateway: Table<GatewayResource>;
  readonly VirtualService: Table<VirtualServiceResource>;
}

type Annotated = Pick<GatewayResource | VirtualServiceResource, "metadata">;

/** As Istio tells the VirtualServices that it makes from those of files. */
const SEMANTICS = "internal.istio.io/route-semantics";

/** The same of Gateways. */
const GATEWAY_SEMANTICS = "internal.istio.io/gateway-semantics";

/** As Istio tells in which namespace a Gateway is that is served elsewhere than where its listeners are written. */
const PARENT_NAMESPACE = "internal.istio.io/parent-namespace";

/** Of what VirtualServices are made: of Ingresses, or of routes of the Gateway API. */
export type RouteSemantics = "ingress" | "gateway";

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
export function isAdded({ metadata }: Pick<GatewayResource, "metadata">): boolean {
  return PARENT_NAMESPACE in metadata.annotations;
}

/** The namespace of the workloads that serve a Gateway which is made of a listener. */
export function servingNamespace({ metadata }: Pick<GatewayResource, "metadata">): string {
  return metadata.annotations[PARENT_NAMESPACE] ?? metadata.namespace;
}

/** The resource of a file that a resource is, or was made of. */
export function originOf(
  resource: GatewayResource | VirtualServiceResource | DestinationRuleResource,
): ResourceRef {
  return resource.madeOf?.[0]?.ref ?? refOf(resource);
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
export function isOfListener({ metadata }: Pick<GatewayResource, "metadata">): boolean {
  return metadata.annotations[GATEWAY_SEMANTICS] === "gateway";
}

/** Whether a VirtualService is made of routes of the Gateway API. */
export function isOfGatewayApi(resource: Annotated): boolean {
  return semanticsOf(resource) === "gateway";
}
