/** The gRPC methods by which discovery streams come in. */
import type { GrpcServer } from "../grpc/server.js";
import type { AdsServer } from "./ads-server.js";
import { TYPE_URL } from "./resource.js";
import { DELTA, SOTW } from "./stream/dialect.js";
import type { Entrance } from "./stream/stream-host.js";

const AGGREGATED = "/envoy.service.discovery.v3.AggregatedDiscoveryService";
const SECRETS = "/envoy.service.secret.v3.SecretDiscoveryService";

function add(server: GrpcServer, path: string, ads: AdsServer, entrance: Entrance): void {
  server.addMethod(path, (call) => {
    ads.serve(call, entrance);
  });
}

/** Adds the aggregated discovery service, which serves all types of a session's view, to a gRPC server. */
export function addAdsService(server: GrpcServer, ads: AdsServer): void {
  const entrance = { onlyType: undefined };
  add(server, `${AGGREGATED}/StreamAggregatedResources`, ads, { ...entrance, dialect: SOTW });
  add(server, `${AGGREGATED}/DeltaAggregatedResources`, ads, { ...entrance, dialect: DELTA });
}

/** Adds the secret discovery service, which serves the secrets of a session's view alone, to a gRPC server. */
export function addSdsService(server: GrpcServer, ads: AdsServer): void {
  const entrance = { onlyType: TYPE_URL.secret };
  add(server, `${SECRETS}/StreamSecrets`, ads, { ...entrance, dialect: SOTW });
  add(server, `${SECRETS}/DeltaSecrets`, ads, { ...entrance, dialect: DELTA });
}
