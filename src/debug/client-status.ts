/** A proxy's state as envoy.service.status.v3.ClientConfig, the form of Envoy's client status discovery service. */
import type { JsonObject } from "@bufbuild/protobuf";
import type { TypeStatus } from "../xds/stream-status.js";
import type { Connection } from "./observed.js";
import { syncStatusOf } from "./sync-state.js";
import { timestamp } from "./timestamp.js";

/** Where a proxy stands with one type, as a GenericXdsConfig without a name. */
export function typeState(type: TypeStatus): JsonObject {
  const { typeUrl, lastSent, lastNacked, resumedAt, quarantined } = type;
  const [first] = quarantined;
  const updated = lastSent?.at ?? resumedAt;
  return {
    typeUrl,
    configStatus: syncStatusOf(type),
    ...(updated === undefined ? {} : { lastUpdated: timestamp(updated) }),
    ...(first === undefined
      ? {}
      : {
          errorState: {
            lastUpdateAttempt: timestamp(lastNacked?.at ?? first.at),
            details: lastNacked?.error ?? first.error,
          },
        }),
  };
}

/** One entry for each type that the proxy asked for, by type URL; `node.id` is `NAME.NAMESPACE`, as istioctl expects it. */
export function clientStatus({ proxy, stream }: Connection): JsonObject {
  const { id, clusterId, namespace, istioVersion } = proxy;
  const types = [...stream.types].sort((a, b) => (a.typeUrl < b.typeUrl ? -1 : 1));
  return {
    node: {
      id,
      metadata: { CLUSTER_ID: clusterId, NAMESPACE: namespace, ISTIO_VERSION: istioVersion },
    },
    genericXdsConfigs: types.map(typeState),
  };
}
