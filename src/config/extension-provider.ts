import { type Static, Type } from "typebox";

/** A list of strings. */
const strings = () => Type.Array(Type.String());

/** The service that a provider calls: `[namespace/]host`, and its port. */
const service = {
  service: Type.String({ minLength: 1 }),
  port: Type.Integer({ minimum: 1, maximum: 65535 }),
};

const requestBody = Type.Object({
  maxRequestBytes: Type.Optional(Type.Integer({ minimum: 0 })),
  allowPartialMessage: Type.Optional(Type.Boolean()),
  packAsBytes: Type.Optional(Type.Boolean()),
});

const externalAuthorization = {
  ...service,
  timeout: Type.Optional(Type.String()),
  failOpen: Type.Optional(Type.Boolean()),
  clearRouteCache: Type.Optional(Type.Boolean()),
  statusOnError: Type.Optional(Type.String()),
  includeRequestBodyInCheck: Type.Optional(requestBody),
};

const externalAuthorizationHttp = Type.Object({
  ...externalAuthorization,
  pathPrefix: Type.Optional(Type.String()),
  includeHeadersInCheck: Type.Optional(strings()),
  includeRequestHeadersInCheck: Type.Optional(strings()),
  includeAdditionalHeadersInCheck: Type.Optional(Type.Record(Type.String(), Type.String())),
  headersToUpstreamOnAllow: Type.Optional(strings()),
  headersToDownstreamOnDeny: Type.Optional(strings()),
  headersToDownstreamOnAllow: Type.Optional(strings()),
});

const logFormat = Type.Object({
  text: Type.Optional(Type.String()),
  labels: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});

const fileAccessLog = Type.Object({
  path: Type.Optional(Type.String()),
  logFormat: Type.Optional(logFormat),
  omitEmptyValues: Type.Optional(Type.Boolean()),
});

const accessLogService = {
  ...service,
  logName: Type.Optional(Type.String()),
  filterStateObjectsToLog: Type.Optional(strings()),
};

const httpAccessLogService = Type.Object({
  ...accessLogService,
  additionalRequestHeadersToLog: Type.Optional(strings()),
  additionalResponseHeadersToLog: Type.Optional(strings()),
  additionalResponseTrailersToLog: Type.Optional(strings()),
});

const openTelemetryLog = Type.Object({
  ...service,
  logName: Type.Optional(Type.String()),
  logFormat: Type.Optional(logFormat),
});

const header = Type.Object({
  name: Type.String(),
  value: Type.Optional(Type.String()),
  envName: Type.Optional(Type.String()),
});

const openTelemetry = Type.Object({
  ...service,
  maxTagLength: Type.Optional(Type.Integer({ minimum: 0 })),
  http: Type.Optional(
    Type.Object({
      path: Type.String(),
      timeout: Type.Optional(Type.String()),
      headers: Type.Optional(Type.Array(header)),
    }),
  ),
  grpc: Type.Optional(
    Type.Object({
      timeout: Type.Optional(Type.String()),
      initialMetadata: Type.Optional(Type.Array(header)),
    }),
  ),
  resourceDetectors: Type.Optional(
    Type.Object({
      environment: Type.Optional(Type.Object({})),
      dynatrace: Type.Optional(Type.Object({})),
    }),
  ),
  dynatraceSampler: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  serviceAttributeEnrichment: Type.Optional(Type.String()),
});

const tracer = Type.Object({
  ...service,
  maxTagLength: Type.Optional(Type.Integer({ minimum: 0 })),
  enable64bitTraceId: Type.Optional(Type.Boolean()),
  path: Type.Optional(Type.String()),
  traceContextOption: Type.Optional(Type.String()),
  accessToken: Type.Optional(Type.String()),
});

/**
 * The schema of a provider that policies and Telemetry name: an external authorizer, a tracer, an access log or a metrics
 * sink. Exactly one of the fields beside `name` is set. See Istio's MeshConfig.ExtensionProvider.
 */
export const extensionProviderSchema = Type.Object({
  name: Type.String({ minLength: 1 }),
  envoyExtAuthzHttp: Type.Optional(externalAuthorizationHttp),
  envoyExtAuthzGrpc: Type.Optional(Type.Object(externalAuthorization)),
  zipkin: Type.Optional(tracer),
  lightstep: Type.Optional(tracer),
  datadog: Type.Optional(tracer),
  skywalking: Type.Optional(tracer),
  stackdriver: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  opencensus: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  opentelemetry: Type.Optional(openTelemetry),
  prometheus: Type.Optional(Type.Object({})),
  envoyFileAccessLog: Type.Optional(fileAccessLog),
  envoyHttpAls: Type.Optional(httpAccessLogService),
  envoyTcpAls: Type.Optional(Type.Object(accessLogService)),
  envoyOtelAls: Type.Optional(openTelemetryLog),
  sds: Type.Optional(Type.Object({ name: Type.String(), ...service })),
});

/** A provider that policies and Telemetry name, as the mesh configuration has it. */
export type ExtensionProvider = Static<typeof extensionProviderSchema>;
