import type { MeshConfig } from "../../config/mesh-config/mesh-config.js";
import type { Proxy } from "./proxy.js";

/** The node metadata by which a sidecar says on which port its own HTTP proxy is. */
const HTTP_PROXY_PORT = "HTTP_PROXY_PORT";

/**
 * The port on which a sidecar is an HTTP proxy for its application: the one that its node names, else that of the mesh; 0 for
 * none, which a gateway always has. See Istio, MeshConfig.proxyHttpPort.
 */
export function httpProxyPort(
  { proxyHttpPort }: Pick<MeshConfig, "proxyHttpPort">,
  { type, metadata }: Pick<Proxy, "type" | "metadata">,
): number {
  if (type === "router") return 0;
  const own = metadata[HTTP_PROXY_PORT] ?? "";
  return /^\d{1,5}$/.test(own) ? Number(own) : proxyHttpPort;
}
