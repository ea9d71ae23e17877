/** A client of Envoy's health discovery service, as an Envoy's messages go, over a real connection. */
import { readFileSync } from "node:fs";
import {
  type ClientDuplexStream,
  Metadata,
  makeGenericClientConstructor,
  type ServiceError,
} from "@grpc/grpc-js";
import { onTestFinished } from "vitest";
import { serviceDefinition } from "../../../src/debug/grpc-service.js";
import type { HealthCheckSpecifierJson } from "../../../src/envoy/api.js";
import { createEncoder } from "../../../src/envoy/resource/encoder.js";
import { type AdsClientOptions, channelOf, nodeOf } from "./ads-client.js";
import { CHANNEL_OPTIONS } from "./channel-options.js";

const { registry } = createEncoder(
  readFileSync(new URL("../../../gen/envoy.binpb", import.meta.url)),
);
const Client = makeGenericClientConstructor(
  serviceDefinition(registry, "envoy.service.health.v3.HealthDiscoveryService"),
  "Health",
);

/** A stream that is open. */
export interface HealthClient {
  /** All that it was told to check, the last at the end. */
  readonly told: readonly HealthCheckSpecifierJson[];
  /** Says who it is. */
  knock(): void;
  /** Says how its application is, in the words of `envoy.config.core.v3.HealthStatus`. */
  report(healthStatus: string, clusterName?: string): void;
  /** How the server ended the stream. */
  readonly ended: Promise<ServiceError>;
}

/** Opens a stream; it is closed when the test is over. */
export function openHealth(options: Omit<AdsClientOptions, "judge" | "type">): HealthClient {
  const client = new Client(
    `127.0.0.1:${String(options.port)}`,
    channelOf(options),
    CHANNEL_OPTIONS,
  );
  onTestFinished(() => {
    client.close();
  });
  const metadata = new Metadata();
  if (options.token !== undefined) metadata.set("authorization", `Bearer ${options.token}`);
  const method = client["StreamHealthCheck"] as unknown as (
    metadata: Metadata,
  ) => ClientDuplexStream<object, HealthCheckSpecifierJson>;
  const stream = method.call(client, metadata);
  const told: HealthCheckSpecifierJson[] = [];
  stream.on("data", (checks: HealthCheckSpecifierJson) => told.push(checks));
  const ended = new Promise<ServiceError>((resolve) => {
    stream.once("error", (error: ServiceError) => {
      resolve(error);
    });
  });
  return {
    told,
    ended,
    knock: () => {
      stream.write({
        healthCheckRequest: {
          node: nodeOf(options),
          capability: { healthCheckProtocols: ["HTTP", "TCP"] },
        },
      });
    },
    report: (healthStatus, clusterName = "workload-probe") => {
      const health = [{ endpointsHealth: [{ healthStatus }] }];
      stream.write({
        endpointHealthResponse: {
          clusterEndpointsHealth: [{ clusterName, localityEndpointsHealth: health }],
        },
      });
    },
  };
}
