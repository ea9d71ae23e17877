import type { MeshConfig } from "../config/mesh-config.js";
import type { ProxyHeaders } from "../config/mesh-config-schema.js";
import type { Proxy } from "./proxy.js";

const USUAL_HEADERS: ProxyHeaders = {};

/** What is said of the headers that a proxy adds: by its own settings, else by those of the mesh. */
export function proxyHeaders(
  { defaultConfig }: Pick<MeshConfig, "defaultConfig">,
  proxy: Pick<Proxy, "proxyHeaders">,
): ProxyHeaders {
  return proxy.proxyHeaders ?? defaultConfig.proxyHeaders ?? USUAL_HEADERS;
}

/** Whether requests say how often they were tried. */
export const countsAttempts = ({ attemptCount }: ProxyHeaders): boolean =>
  attemptCount?.disabled !== true;

/** Whether requests whose host is rewritten say which it was. */
export const tellsHost = ({ xForwardedHost }: ProxyHeaders): boolean =>
  xForwardedHost?.enabled === true;
