import type { Server, ServiceDefinition } from "@grpc/grpc-js";
import type { AdsServer } from "./ads-server.js";
import type { DiscoveryCall } from "./ads-stream.js";
import { DELTA, type Dialect, SOTW } from "./dialect.js";
import { createAssembler } from "./message.js";
import { TYPE_URL } from "./resource.js";

/** Of all methods: grpc-js copies what it is given behind the head of a frame before it asks for anything else. */
const assemble = createAssembler();

/** Requests come in as bytes, responses go out in parts. */
function method(path: string): ServiceDefinition[string] {
  return {
    path,
    requestStream: true,
    responseStream: true,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: assemble,
    responseDeserialize: (bytes: Buffer) => bytes,
  };
}

const AGGREGATED = "/envoy.service.discovery.v3.AggregatedDiscoveryService";
const SECRETS = "/envoy.service.secret.v3.SecretDiscoveryService";

/** How the discovery services of one gRPC server are reached. */
export interface ServiceOptions {
  /** The server's port has no TLS. */
  readonly plaintext: boolean;
}

/** Adds the aggregated discovery service, which serves all types of a session's view, to a gRPC server. */
export function addAdsService(server: Server, ads: AdsServer, { plaintext }: ServiceOptions): void {
  const handler = (dialect: Dialect) => (call: DiscoveryCall) => {
    ads.serve(call, { dialect, plaintext, onlyType: undefined });
  };
  server.addService(
    {
      StreamAggregatedResources: method(`${AGGREGATED}/StreamAggregatedResources`),
      DeltaAggregatedResources: method(`${AGGREGATED}/DeltaAggregatedResources`),
    },
    { StreamAggregatedResources: handler(SOTW), DeltaAggregatedResources: handler(DELTA) },
  );
}

/** Adds the secret discovery service, which serves the secrets of a session's view alone, to a gRPC server. */
export function addSdsService(server: Server, ads: AdsServer, { plaintext }: ServiceOptions): void {
  const handler = (dialect: Dialect) => (call: DiscoveryCall) => {
    ads.serve(call, { dialect, plaintext, onlyType: TYPE_URL.secret });
  };
  server.addService(
    {
      StreamSecrets: method(`${SECRETS}/StreamSecrets`),
      DeltaSecrets: method(`${SECRETS}/DeltaSecrets`),
    },
    { StreamSecrets: handler(SOTW), DeltaSecrets: handler(DELTA) },
  );
}
