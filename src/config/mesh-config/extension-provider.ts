import {
  Duration,
  Flag,
  list,
  NonEmptyText,
  optional,
  PortNumber,
  Struct,
  strict,
  Text,
  TextMap,
  Uint32,
  type ValueOf,
} from "../kinds/value/fields.js";

/** The service that a provider calls: `[namespace/]host`, and its port. */
const service = {
  service: NonEmptyText,
  port: PortNumber,
};

const requestBody = strict({
  maxRequestBytes: optional(Uint32),
  allowPartialMessage: optional(Flag),
  packAsBytes: optional(Flag),
});

const externalAuthorization = {
  ...service,
  timeout: optional(Duration),
  failOpen: optional(Flag),
  clearRouteCache: optional(Flag),
  statusOnError: optional(Text),
  includeRequestBodyInCheck: optional(requestBody),
};

const externalAuthorizationHttp = strict({
  ...externalAuthorization,
  pathPrefix: optional(Text),
  includeHeadersInCheck: optional(list(Text)),
  includeRequestHeadersInCheck: optional(list(Text)),
  includeAdditionalHeadersInCheck: optional(TextMap),
  headersToUpstreamOnAllow: optional(list(Text)),
  headersToDownstreamOnDeny: optional(list(Text)),
  headersToDownstreamOnAllow: optional(list(Text)),
});

/** What a log says of a request: a text, or the fields of an object of JSON. */
export type LogFormat = ValueOf<typeof logFormat>;
const logFormat = strict({
  text: optional(Text),
  labels: optional(Struct),
});

const fileAccessLog = strict({
  path: optional(Text),
  logFormat: optional(logFormat),
  omitEmptyValues: optional(Flag),
});

const accessLogService = {
  ...service,
  logName: optional(Text),
  filterStateObjectsToLog: optional(list(Text)),
};

const httpAccessLogService = strict({
  ...accessLogService,
  additionalRequestHeadersToLog: optional(list(Text)),
  additionalResponseHeadersToLog: optional(list(Text)),
  additionalResponseTrailersToLog: optional(list(Text)),
});

const openTelemetryLog = strict({
  ...service,
  logName: optional(Text),
  logFormat: optional(logFormat),
});

/** A header with a value, or with that of a variable of the control plane's environment. */
export type ProviderHeader = ValueOf<typeof header>;
const header = strict({
  name: Text,
  value: optional(Text),
  envName: optional(Text),
});

const openTelemetry = strict({
  ...service,
  maxTagLength: optional(Uint32),
  http: optional(
    strict({
      path: Text,
      timeout: optional(Duration),
      headers: optional(list(header)),
    }),
  ),
  grpc: optional(
    strict({
      timeout: optional(Duration),
      initialMetadata: optional(list(header)),
    }),
  ),
  resourceDetectors: optional(
    strict({
      environment: optional(strict({})),
      dynatrace: optional(strict({})),
    }),
  ),
  dynatraceSampler: optional(Struct),
  serviceAttributeEnrichment: optional(Text),
});

const tracer = {
  ...service,
  maxTagLength: optional(Uint32),
  enable64bitTraceId: optional(Flag),
  path: optional(Text),
  traceContextOption: optional(Text),
  accessToken: optional(Text),
};

/**
 * The schema of a provider that policies and Telemetry name: an external authorizer, a tracer, an access log or a metrics
 * sink. Exactly one of the fields beside `name` is set. See Istio's MeshConfig.ExtensionProvider.
 */
export const ExtensionProvider = strict({
  name: NonEmptyText,
  envoyExtAuthzHttp: optional(externalAuthorizationHttp),
  envoyExtAuthzGrpc: optional(strict(externalAuthorization)),
  zipkin: optional(
    strict({ ...tracer, timeout: optional(Duration), headers: optional(list(header)) }),
  ),
  lightstep: optional(strict(tracer)),
  datadog: optional(strict(tracer)),
  skywalking: optional(strict(tracer)),
  stackdriver: optional(Struct),
  opencensus: optional(Struct),
  opentelemetry: optional(openTelemetry),
  prometheus: optional(strict({})),
  envoyFileAccessLog: optional(fileAccessLog),
  envoyHttpAls: optional(httpAccessLogService),
  envoyTcpAls: optional(strict(accessLogService)),
  envoyOtelAls: optional(openTelemetryLog),
  sds: optional(strict({ name: Text, ...service })),
});

/** A provider that policies and Telemetry name, as the mesh configuration has it. */
export type ExtensionProvider = ValueOf<typeof ExtensionProvider>;

/** The kinds of providers, as the fields of one are called. */
type ProviderKind = Exclude<keyof ExtensionProvider, "name">;

/** A provider of one of some kinds, with its settings. */
export type ProviderOf<Kind extends ProviderKind> = {
  readonly [K in Kind]: { readonly kind: K; readonly settings: NonNullable<ExtensionProvider[K]> };
}[Kind];

/** A provider as the first of some kinds that it has settings of; undefined when it is of none of them. */
export function providerOf<Kind extends ProviderKind>(
  provider: ExtensionProvider,
  kinds: readonly Kind[],
): ProviderOf<Kind> | undefined {
  const kind = kinds.find((one) => provider[one] !== undefined);
  if (kind === undefined) return undefined;
  // That the settings are those of the kind is beyond what types can say of a union.
  return { kind, settings: provider[kind] } as ProviderOf<Kind>;
}

/** The provider that a Telemetry, or the mesh for one, means by a name, in whatever case. See Istio, fetchProvider. */
export function telemetryProvider(
  providers: readonly ExtensionProvider[],
  name: string | undefined,
): ExtensionProvider | undefined {
  return providers.find((one) => one.name.toLowerCase() === name?.toLowerCase());
}
