/**
 * Requests that come back. A proxy that passes requests on to wherever they are for may so call itself: by an address of loopback,
 * say, at which it listens on one port and others on other ones. It would go on until it has no descriptor left. So what it passes
 * on carries a mark for each time, and what carries many is answered. See RFC 8586.
 */
import type { RouteJson, VirtualHostJson } from "../api.js";

const HEADER = "cdn-loop";
const MARK = "fairlead";
/** More proxies than pass on one request for somebody they do not know. */
const MOST = 8;

/** The virtual host for requests that are passed on, which ends their loops. */
export function withoutLoops(host: VirtualHostJson): VirtualHostJson {
  const regex = `(?:.*\\b${MARK}\\b){${MOST}}.*`;
  const looped: RouteJson = {
    name: host.name ?? "",
    match: { prefix: "/", headers: [{ name: HEADER, stringMatch: { safeRegex: { regex } } }] },
    directResponse: {
      status: 508,
      body: { inlineString: "the request comes back to its proxy again and again" },
    },
  };
  return {
    ...host,
    routes: [looped, ...(host.routes ?? [])],
    requestHeadersToAdd: [{ header: { key: HEADER, value: MARK } }],
  };
}
