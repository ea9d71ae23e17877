import type { ListProxiesResponseJson } from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { clientStatus } from "./client-status.js";
import { controlPlaneIdentifier } from "./control-plane-identifier.js";

/** The type of istioctl's question for the state of all proxies, and of the answer. */
export const SYNC = "istio.io/debug/syncz";

/** The message that tells the state of one proxy. */
export const CLIENT_CONFIG = "envoy.service.status.v3.ClientConfig";

/**
 * What istioctl prints for programs: the DiscoveryResponse that answers its question, in JSON. Beside it stands what the debug API
 * tells.
 */
export function statusResponse({
  controlPlane = {},
  proxies = [],
  peers = [],
}: ListProxiesResponseJson): object {
  return {
    resources: proxies.map((proxy) => ({
      "@type": `type.googleapis.com/${CLIENT_CONFIG}`,
      ...clientStatus(proxy),
    })),
    typeUrl: SYNC,
    controlPlane: { identifier: controlPlaneIdentifier(controlPlane), ...controlPlane },
    proxies,
    ...(peers.length > 0 && { peers }),
  };
}
