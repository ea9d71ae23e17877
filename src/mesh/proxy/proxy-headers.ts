import type { MeshConfig } from "../../config/mesh-config/mesh-config.js";
import type { ProxyHeaders } from "../../config/mesh-config/mesh-config-schema.js";
import { HTTP10_METADATA } from "../../config/node-metadata.js";
import type { Proxy } from "./proxy.js";

/** What is said of the headers that a proxy adds, and whether it takes requests of HTTP/1.0. */
export interface HttpManners extends ProxyHeaders {
  readonly acceptsHttp10?: true;
}

const USUAL_HEADERS: ProxyHeaders = {};

/** How a proxy speaks HTTP: of headers its own settings count, else those of the mesh. */
export function httpManners(
  { defaultConfig }: Pick<MeshConfig, "defaultConfig">,
  { proxyHeaders, metadata = {} }: Partial<Pick<Proxy, "proxyHeaders" | "metadata">>,
): HttpManners {
  const headers = proxyHeaders ?? defaultConfig.proxyHeaders ?? USUAL_HEADERS;
  return metadata[HTTP10_METADATA] === "1" ? { ...headers, acceptsHttp10: true } : headers;
}

/** Whether requests say how often they were tried. */
export const countsAttempts = ({ attemptCount }: ProxyHeaders): boolean =>
  attemptCount?.disabled !== true;

/** Whether requests whose host is rewritten say which it was. */
export const tellsHost = ({ xForwardedHost }: ProxyHeaders): boolean =>
  xForwardedHost?.enabled === true;
