/** Envoy's health discovery service (HDS): Envoys are told which endpoints to check, and report what they found. */
import type { Registry } from "@bufbuild/protobuf";
import type { HealthCheckRequestOrEndpointHealthResponse } from "../../../gen/types/envoy/service/health/v3/hds_pb.js";
import type { Clock } from "../../base/clock.js";
import type { GrpcServer } from "../../grpc/server.js";
import type { ServerCall } from "../../grpc/server-call.js";
import { status } from "../../grpc/status-code.js";
import { createAdmission, DEFAULT_LIMITS, type Limits } from "../limits.js";
import { messageDecoder } from "../wire/message-decoder.js";
import type { EndpointHealth, HealthSessions } from "./health-session.js";
import { type HealthMessage, HealthStream } from "./health-stream.js";

/** What the service is made of. */
export interface HealthServiceOptions {
  readonly sessions: HealthSessions;
  /** Has the messages of the service. */
  readonly registry: Registry;
  readonly clock: Clock;
  readonly limits?: Partial<Limits>;
  /** Told of a fault of ours. */
  readonly onError: (error: unknown) => void;
}

const STREAM = "/envoy.service.health.v3.HealthDiscoveryService/StreamHealthCheck";
const MESSAGE = "envoy.service.health.v3.HealthCheckRequestOrEndpointHealthResponse";

function messageIn({ requestType }: HealthCheckRequestOrEndpointHealthResponse): HealthMessage {
  if (requestType.case === "endpointHealthResponse") {
    const endpoints = requestType.value.clusterEndpointsHealth.flatMap(endpointsOf);
    return { kind: "report", endpoints };
  }
  const isRequest = requestType.case === "healthCheckRequest";
  return { kind: "request", node: isRequest ? requestType.value.node : undefined };
}

type Report = Extract<
  HealthCheckRequestOrEndpointHealthResponse["requestType"],
  { readonly case: "endpointHealthResponse" }
>["value"];

function endpointsOf({
  clusterName: cluster,
  localityEndpointsHealth,
}: Report["clusterEndpointsHealth"][number]): readonly EndpointHealth[] {
  return localityEndpointsHealth.flatMap(({ endpointsHealth }) =>
    endpointsHealth.map(({ healthStatus }) => ({ cluster, status: healthStatus })),
  );
}

/**
 * Serves the streams of the service.
 * @throws MissingTypeError
 */
export function createHealthService(options: HealthServiceOptions): (call: ServerCall) => void {
  const { sessions, registry, clock, onError } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const admission = createAdmission(limits);
  const read = messageDecoder(registry, MESSAGE, "a message of the health discovery service");
  const decode = (bytes: Uint8Array): HealthMessage =>
    messageIn(read(bytes) as HealthCheckRequestOrEndpointHealthResponse);
  const host = { sessions, decode, clock, limits, onError, closed: admission.leave };
  return (call) => {
    if (admission.enter()) call.start(new HealthStream(call, host));
    else call.end({ code: status.RESOURCE_EXHAUSTED, details: "too many streams" });
  };
}

/** Adds the service to a gRPC server. */
export function addHealthService(server: GrpcServer, serve: (call: ServerCall) => void): void {
  server.addMethod(STREAM, serve);
}
