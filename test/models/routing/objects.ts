/**
 * The objects that say where requests go, as their YAML has them, as far as the model reads them. The words are those of
 * Istio's reference, "Networking".
 */

/** What all objects have. */
export interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly creationTimestamp: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An object of one kind. */
interface Declared<Spec> {
  readonly metadata: Metadata;
  readonly spec: Spec;
}

export type Labels = Readonly<Record<string, string>>;

export type Service = Declared<{
  readonly selector: Labels;
  /** `None` of one that is called by the addresses of its workloads. */
  readonly clusterIP?: string;
  readonly ports: readonly {
    readonly name: string;
    readonly appProtocol?: string;
    readonly port: number;
    readonly targetPort: number;
  }[];
}>;

export type ServiceEntry = Declared<{
  readonly hosts: readonly string[];
  readonly addresses?: readonly string[];
  readonly ports: readonly {
    readonly name: string;
    readonly number: number;
    readonly protocol?: string;
    readonly targetPort?: number;
  }[];
  readonly resolution: "STATIC" | "DNS" | "NONE";
  readonly workloadSelector?: { readonly labels: Labels };
  readonly exportTo?: readonly string[];
}>;

export interface StringMatch {
  readonly exact?: string;
  readonly prefix?: string;
  readonly regex?: string;
}

export type StringMatches = Readonly<Record<string, StringMatch>>;

/** What a match may ask of who calls, and by which way. */
export interface SourceMatch {
  readonly port?: number;
  readonly gateways?: readonly string[];
  readonly sourceLabels?: Labels;
  readonly sourceNamespace?: string;
}

export interface HTTPMatchRequest extends SourceMatch {
  readonly uri?: StringMatch;
  readonly ignoreUriCase?: boolean;
  readonly scheme?: StringMatch;
  readonly method?: StringMatch;
  readonly authority?: StringMatch;
  readonly headers?: StringMatches;
  readonly withoutHeaders?: StringMatches;
  readonly queryParams?: StringMatches;
}

export interface Destination {
  readonly host: string;
  readonly subset?: string;
  readonly port?: { readonly number: number };
}

export interface HeaderOperations {
  readonly set?: Readonly<Record<string, string>>;
  readonly add?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
}

export interface Headers {
  readonly request?: HeaderOperations;
  readonly response?: HeaderOperations;
}

export interface HTTPRouteDestination {
  readonly destination: Destination;
  readonly weight?: number;
  readonly headers?: Headers;
}

export interface HTTPRedirect {
  readonly uri?: string;
  readonly authority?: string;
  readonly port?: number;
  readonly derivePort?: "FROM_PROTOCOL_DEFAULT" | "FROM_REQUEST_PORT";
  readonly scheme?: string;
  readonly redirectCode?: number;
}

export interface CorsPolicy {
  readonly allowOrigins: readonly StringMatch[];
  readonly allowMethods?: readonly string[];
  readonly allowHeaders?: readonly string[];
  readonly exposeHeaders?: readonly string[];
  readonly maxAge?: string;
  readonly allowCredentials?: boolean;
  readonly unmatchedPreflights?: "FORWARD" | "IGNORE";
}

export interface HTTPRetry {
  readonly attempts: number;
  readonly retryOn?: string;
  readonly backoff?: string;
}

export interface HTTPRewrite {
  readonly uri?: string;
  readonly authority?: string;
  readonly uriRegexRewrite?: { readonly match: string; readonly rewrite: string };
}

export interface HTTPRoute {
  readonly match?: readonly HTTPMatchRequest[];
  readonly route?: readonly HTTPRouteDestination[];
  readonly redirect?: HTTPRedirect;
  readonly directResponse?: {
    readonly status: number;
    readonly body?: { readonly string: string };
  };
  readonly delegate?: { readonly name: string; readonly namespace?: string };
  readonly rewrite?: HTTPRewrite;
  readonly fault?: {
    readonly abort: {
      readonly httpStatus: number;
      readonly percentage: { readonly value: number };
    };
  };
  readonly headers?: Headers;
  readonly corsPolicy?: CorsPolicy;
  readonly retries?: HTTPRetry;
}

export interface RouteDestination {
  readonly destination: Destination;
  readonly weight?: number;
}

export interface L4MatchAttributes extends SourceMatch {
  readonly destinationSubnets?: readonly string[];
}

export interface TLSMatchAttributes extends L4MatchAttributes {
  readonly sniHosts: readonly string[];
}

export interface TLSRoute {
  readonly match: readonly TLSMatchAttributes[];
  readonly route: readonly RouteDestination[];
}

export interface TCPRoute {
  readonly match?: readonly L4MatchAttributes[];
  readonly route: readonly RouteDestination[];
}

export type VirtualService = Declared<{
  /** None of a delegate. */
  readonly hosts?: readonly string[];
  readonly gateways?: readonly string[];
  readonly exportTo?: readonly string[];
  readonly http?: readonly HTTPRoute[];
  readonly tls?: readonly TLSRoute[];
  readonly tcp?: readonly TCPRoute[];
}>;

export type DestinationRule = Declared<{
  readonly host: string;
  readonly exportTo?: readonly string[];
  readonly workloadSelector?: { readonly matchLabels: Labels };
  readonly subsets: readonly { readonly name: string; readonly labels: Labels }[];
}>;

export type TLSmode =
  | "PASSTHROUGH"
  | "AUTO_PASSTHROUGH"
  | "SIMPLE"
  | "MUTUAL"
  | "OPTIONAL_MUTUAL"
  | "ISTIO_MUTUAL";

export interface Server {
  readonly port: { readonly number: number; readonly name: string; readonly protocol: string };
  readonly hosts: readonly string[];
  readonly tls?: { readonly mode: TLSmode; readonly credentialName?: string };
}

export type Gateway = Declared<{
  readonly selector: Labels;
  readonly servers: readonly Server[];
}>;

export type OutboundMode = "ALLOW_ANY" | "REGISTRY_ONLY";

export interface IstioEgressListener {
  readonly hosts: readonly string[];
  readonly port?: { readonly number: number; readonly name: string; readonly protocol: string };
  readonly bind?: string;
  readonly captureMode?: "NONE";
}

export type Sidecar = Declared<{
  readonly workloadSelector?: { readonly labels: Labels };
  readonly egress: readonly IstioEgressListener[];
  readonly outboundTrafficPolicy?: { readonly mode: OutboundMode };
}>;

/** Something that answers calls. */
export interface Workload {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Labels;
}

/** All that decides where a call goes. */
export interface World {
  readonly services: readonly Service[];
  readonly serviceEntries: readonly ServiceEntry[];
  readonly virtualServices: readonly VirtualService[];
  readonly destinationRules: readonly DestinationRule[];
  readonly gateways: readonly Gateway[];
  readonly sidecars: readonly Sidecar[];
  readonly meshConfig: { readonly outboundTrafficPolicy: { readonly mode: OutboundMode } };
  readonly workloads: readonly Workload[];
}

/** A proxy by which calls come: beside an application, or that of Gateways. */
export interface Caller {
  readonly namespace: string;
  readonly labels: Labels;
}

/** A request as the proxy is sent it. */
export interface HttpRequest {
  readonly method: string;
  /** The Host header. */
  readonly authority: string;
  /** The port that is called, whatever the Host header says. */
  readonly port: number;
  /** With the query. */
  readonly path: string;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** It comes by TLS, which the proxy ends; absent of one in plaintext. */
  readonly encrypted?: true;
}

/** A connection as the proxy gets it. */
export interface Connection {
  /** What is called, before any redirection; of a gateway whatever. */
  readonly address: string;
  readonly port: number;
  /** What it begins with: TLS, a request of HTTP/1.1 in plaintext, or anything else. */
  readonly begins: "tls" | "request" | "bytes";
  /** Of TLS; `""` of a ClientHello that names no server. */
  readonly serverName: string;
  /** Of TLS: whether it is mutual TLS of the mesh. */
  readonly ofMesh: boolean;
}

/** Whether these labels are among those. */
export function selects(wanted: Labels, labels: Labels): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}

/** The oldest first. Istio leaves it open which of two of one age comes first: here names decide. */
export function byAge(a: Declared<unknown>, b: Declared<unknown>): number {
  const order = ({ metadata }: Declared<unknown>): string =>
    [metadata.creationTimestamp, metadata.name, metadata.namespace].join(" ");
  return order(a) < order(b) ? -1 : 1;
}
