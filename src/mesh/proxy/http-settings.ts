import type { MeshConfig } from "../../config/mesh-config/mesh-config.js";
import type { ProxyHeaders } from "../../config/mesh-config/mesh-config-schema.js";
import { HTTP10_METADATA } from "../../config/node-metadata.js";
import type { Proxy } from "./proxy.js";

/** Which headers a proxy adds, and whether it takes HTTP/1.0. See Istio, ProxyConfig.ProxyHeaders and NodeMetadata.HTTP10. */
export interface HttpSettings extends ProxyHeaders {
  readonly acceptsHttp10?: true;
}

const DEFAULT_HEADERS: ProxyHeaders = {};

/** The settings of a proxy. Its own ProxyHeaders, when it has any, replace those of the mesh. */
export function httpSettings(
  { defaultConfig }: Pick<MeshConfig, "defaultConfig">,
  { proxyHeaders, metadata = {} }: Partial<Pick<Proxy, "proxyHeaders" | "metadata">>,
): HttpSettings {
  const headers = proxyHeaders ?? defaultConfig.proxyHeaders ?? DEFAULT_HEADERS;
  return metadata[HTTP10_METADATA] === "1" ? { ...headers, acceptsHttp10: true } : headers;
}

/** Whether requests get `x-envoy-attempt-count`. */
export const sendsAttemptCount = ({ attemptCount }: ProxyHeaders): boolean =>
  attemptCount?.disabled !== true;

/** Whether requests whose host is rewritten get `x-forwarded-host` with the host of before. */
export const sendsForwardedHost = ({ xForwardedHost }: ProxyHeaders): boolean =>
  xForwardedHost?.enabled === true;
