/**
 * The objects of Kubernetes' Gateway API that say where requests go, as their YAML has them, as far as the model reads them. The
 * words are those of its reference.
 */

export type Labels = Readonly<Record<string, string>>;

/** What all objects have. */
interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly creationTimestamp?: string;
  readonly labels?: Labels;
}

/** An object of one kind. */
export interface Declared<Spec> {
  readonly metadata: Metadata;
  readonly spec: Spec;
}

export type Service = Declared<{
  readonly selector: Labels;
  readonly clusterIP?: string;
  readonly ports: readonly {
    readonly name: string;
    readonly port: number;
    readonly targetPort: number;
  }[];
}>;

export type ServiceEntry = Declared<{
  readonly hosts: readonly string[];
  readonly ports: readonly {
    readonly name: string;
    readonly number: number;
    readonly protocol: "HTTP";
    readonly targetPort: number;
  }[];
  readonly resolution: "STATIC";
  readonly workloadSelector: { readonly labels: Labels };
}>;

export type Protocol = "HTTP" | "HTTPS" | "TLS" | "TCP";

export interface CertificateRef {
  readonly name: string;
  readonly namespace?: string;
}

export interface AllowedNamespaces {
  readonly from?: "All" | "Same" | "Selector" | "None";
  readonly selector?: { readonly matchLabels: Labels };
}

export interface AllowedRoutes {
  readonly namespaces?: AllowedNamespaces;
  readonly kinds?: readonly { readonly group?: string; readonly kind: string }[];
}

export interface Listener {
  readonly name: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly hostname?: string;
  readonly tls?: {
    readonly mode?: "Terminate" | "Passthrough";
    readonly certificateRefs?: readonly CertificateRef[];
  };
  readonly allowedRoutes?: AllowedRoutes;
}

export type Gateway = Declared<{
  readonly gatewayClassName: string;
  readonly listeners: readonly Listener[];
  readonly allowedListeners?: { readonly namespaces: AllowedNamespaces };
}>;

export type ListenerSet = Declared<{
  readonly parentRef: { readonly name: string; readonly namespace: string };
  readonly listeners: readonly Listener[];
}>;

export interface ParentRef {
  readonly group?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly name: string;
  readonly sectionName?: string;
  readonly port?: number;
}

/** How a value is compared: `Exact` when nothing is said. */
export interface ValueMatch {
  readonly type?: "Exact" | "RegularExpression";
  readonly name: string;
  readonly value: string;
}

export interface HTTPRouteMatch {
  readonly path?: {
    readonly type?: "Exact" | "PathPrefix" | "RegularExpression";
    readonly value?: string;
  };
  readonly headers?: readonly ValueMatch[];
  readonly queryParams?: readonly ValueMatch[];
  readonly method?: string;
}

export interface BackendRef {
  readonly group?: string;
  readonly kind?: string;
  readonly name: string;
  readonly namespace?: string;
  readonly port?: number;
}

interface Header {
  readonly name: string;
  readonly value: string;
}

export interface HeaderModifier {
  readonly set?: readonly Header[];
  readonly add?: readonly Header[];
  readonly remove?: readonly string[];
}

export type PathModifier =
  | { readonly type: "ReplaceFullPath"; readonly replaceFullPath: string }
  | { readonly type: "ReplacePrefixMatch"; readonly replacePrefixMatch: string };

export interface RequestRedirect {
  readonly scheme?: "http" | "https";
  readonly hostname?: string;
  readonly path?: PathModifier;
  readonly port?: number;
  readonly statusCode?: number;
}

export interface RequestMirror {
  readonly backendRef: BackendRef;
  readonly percent?: number;
  readonly fraction?: { readonly numerator: number; readonly denominator?: number };
}

export type Filter =
  | { readonly type: "RequestHeaderModifier"; readonly requestHeaderModifier: HeaderModifier }
  | { readonly type: "ResponseHeaderModifier"; readonly responseHeaderModifier: HeaderModifier }
  | { readonly type: "RequestRedirect"; readonly requestRedirect: RequestRedirect }
  | {
      readonly type: "URLRewrite";
      readonly urlRewrite: { readonly hostname?: string; readonly path?: PathModifier };
    }
  | { readonly type: "RequestMirror"; readonly requestMirror: RequestMirror }
  | {
      readonly type: "ExtensionRef";
      readonly extensionRef: {
        readonly group: string;
        readonly kind: string;
        readonly name: string;
      };
    };

/** With a share of requests or connections: 1 when nothing is said. */
export type WeightedBackend = BackendRef & {
  readonly weight?: number;
  readonly filters?: readonly Filter[];
};

export interface HTTPRouteRule {
  readonly matches?: readonly HTTPRouteMatch[];
  readonly filters?: readonly Filter[];
  readonly backendRefs?: readonly WeightedBackend[];
  readonly timeouts?: { readonly request?: string; readonly backendRequest?: string };
  readonly retry?: { readonly codes?: readonly number[]; readonly attempts?: number };
}

export interface GRPCRouteMatch {
  readonly method?: {
    readonly type?: "Exact" | "RegularExpression";
    readonly service?: string;
    readonly method?: string;
  };
  readonly headers?: readonly ValueMatch[];
}

export interface GRPCRouteRule {
  readonly matches?: readonly GRPCRouteMatch[];
  readonly filters?: readonly Filter[];
  readonly backendRefs?: readonly WeightedBackend[];
}

interface RouteOf<Rule> {
  readonly parentRefs?: readonly ParentRef[];
  readonly hostnames?: readonly string[];
  readonly rules?: readonly Rule[];
}

export type HTTPRoute = Declared<RouteOf<HTTPRouteRule>>;
export type GRPCRoute = Declared<RouteOf<GRPCRouteRule>>;

export interface ConnectionRule {
  readonly backendRefs: readonly WeightedBackend[];
}

export type TLSRoute = Declared<RouteOf<ConnectionRule>>;
export type TCPRoute = Declared<Omit<RouteOf<ConnectionRule>, "hostnames">>;

export type RouteKind = "HTTPRoute" | "GRPCRoute" | "TLSRoute" | "TCPRoute";

export type ReferenceGrant = Declared<{
  readonly from: readonly {
    readonly group: string;
    readonly kind: string;
    readonly namespace: string;
  }[];
  readonly to: readonly { readonly group: string; readonly kind: string; readonly name?: string }[];
}>;

/** A namespace and its labels. */
export interface Namespace {
  readonly metadata: { readonly name: string; readonly labels?: Labels };
}

/** Something that answers calls. */
export interface Workload {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Labels;
}

/** All that decides where a request goes. */
export interface World {
  readonly namespaces: readonly Namespace[];
  readonly services: readonly Service[];
  readonly serviceEntries: readonly ServiceEntry[];
  readonly gateways: readonly Gateway[];
  readonly listenerSets: readonly ListenerSet[];
  readonly httpRoutes: readonly HTTPRoute[];
  readonly grpcRoutes: readonly GRPCRoute[];
  readonly tlsRoutes: readonly TLSRoute[];
  readonly tcpRoutes: readonly TCPRoute[];
  readonly referenceGrants: readonly ReferenceGrant[];
  readonly workloads: readonly Workload[];
}

/** A route of any kind, with its kind. */
export type AnyRoute = { readonly kind: RouteKind } & Declared<
  RouteOf<Pick<HTTPRouteRule, "backendRefs" | "filters">>
>;

/** All routes of a world. */
export function routesOf(world: World): readonly AnyRoute[] {
  const of = (kind: RouteKind, all: readonly Omit<AnyRoute, "kind">[]): readonly AnyRoute[] =>
    all.map((one) => ({ ...one, kind }));
  return [
    ...of("HTTPRoute", world.httpRoutes),
    ...of("GRPCRoute", world.grpcRoutes),
    ...of("TLSRoute", world.tlsRoutes),
    ...of("TCPRoute", world.tcpRoutes),
  ];
}

/** Whether these labels are among those. */
export function selects(wanted: Labels, labels: Labels): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}

/** "The oldest Route based on creation timestamp. The Route appearing first in alphabetical order by {namespace}/{name}." */
export function byAge(a: Declared<unknown>, b: Declared<unknown>): number {
  const order = ({ metadata }: Declared<unknown>): string =>
    [metadata.creationTimestamp ?? "", `${metadata.namespace}/${metadata.name}`].join(" ");
  return order(a) < order(b) ? -1 : 1;
}
