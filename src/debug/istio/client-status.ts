/** A proxy's state as envoy.service.status.v3.ClientConfig, the form of Envoy's client status discovery service. */
import type { JsonObject } from "@bufbuild/protobuf";
import type { ProxyJson, TypeSyncJson } from "../../../gen/types/fairlead/debug/v1/debug_pb.js";

/** Where a proxy stands with one type, as a GenericXdsConfig without a name. */
function typeState({
  typeUrl = "",
  status = "NOT_SENT",
  lastSent,
  resumedAt,
  lastRefusal,
}: TypeSyncJson): JsonObject {
  const lastUpdated = lastSent ?? resumedAt;
  return {
    typeUrl,
    configStatus: status,
    ...(lastUpdated === undefined ? {} : { lastUpdated }),
    ...(lastRefusal === undefined
      ? {}
      : {
          errorState: {
            lastUpdateAttempt: lastRefusal.at ?? "",
            details: lastRefusal.error ?? "",
          },
        }),
  };
}

/** See the top of this file. */
export interface ClientStatus extends JsonObject {
  node: JsonObject;
  genericXdsConfigs: JsonObject[];
}

/** One entry for each type that the proxy asked for, by type URL; `node.id` is `NAME.NAMESPACE`, as istioctl expects it. */
export function clientStatus({
  id = "",
  clusterId = "",
  namespace = "",
  istioVersion = "",
  types = [],
}: ProxyJson): ClientStatus {
  return {
    node: {
      id,
      metadata: { CLUSTER_ID: clusterId, NAMESPACE: namespace, ISTIO_VERSION: istioVersion },
    },
    genericXdsConfigs: [...types]
      .sort((a, b) => ((a.typeUrl ?? "") < (b.typeUrl ?? "") ? -1 : 1))
      .map(typeState),
  };
}
