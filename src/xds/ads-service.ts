import type { GrpcServer } from "../grpc/server.js";
import type { AdsServer } from "./ads-server.js";
import { DELTA, type Dialect, SOTW } from "./dialect.js";
import { TYPE_URL } from "./resource.js";

const AGGREGATED = "/envoy.service.discovery.v3.AggregatedDiscoveryService";
const SECRETS = "/envoy.service.secret.v3.SecretDiscoveryService";

/** How the discovery services of one gRPC server are reached. */
export interface ServiceOptions {
  /** The server's port has no TLS. */
  readonly plaintext: boolean;
}

/** Adds the aggregated discovery service, which serves all types of a session's view, to a gRPC server. */
export function addAdsService(
  server: GrpcServer,
  ads: AdsServer,
  { plaintext }: ServiceOptions,
): void {
  const add = (method: string, dialect: Dialect): void => {
    server.addMethod(`${AGGREGATED}/${method}`, (call) => {
      ads.serve(call, { dialect, plaintext, onlyType: undefined });
    });
  };
  add("StreamAggregatedResources", SOTW);
  add("DeltaAggregatedResources", DELTA);
}

/** Adds the secret discovery service, which serves the secrets of a session's view alone, to a gRPC server. */
export function addSdsService(
  server: GrpcServer,
  ads: AdsServer,
  { plaintext }: ServiceOptions,
): void {
  const add = (method: string, dialect: Dialect): void => {
    server.addMethod(`${SECRETS}/${method}`, (call) => {
      ads.serve(call, { dialect, plaintext, onlyType: TYPE_URL.secret });
    });
  };
  add("StreamSecrets", SOTW);
  add("DeltaSecrets", DELTA);
}
