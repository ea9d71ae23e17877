/**
 * Loops. A proxy that passes requests on to whatever address they are for may call itself, as by a loopback address on which it
 * listens, until it runs out of file descriptors. So each time a request is passed on it gets a mark, and one with many marks
 * is answered with an error. See RFC 8586.
 */
import type { RouteJson, VirtualHostJson } from "../api.js";

const HEADER = "cdn-loop";
const MARK = "fairlead";
/** More proxies than pass on one request for somebody they do not know. */
const MOST = 8;
/** Loop Detected. See RFC 5842, section 7.2. */
const LOOP_DETECTED = 508;

/** The virtual host for requests that are passed on, which ends their loops. */
export function withoutLoops(host: VirtualHostJson): VirtualHostJson {
  const regex = `(?:.*\\b${MARK}\\b){${MOST}}.*`;
  const looped: RouteJson = {
    name: host.name ?? "",
    match: { prefix: "/", headers: [{ name: HEADER, stringMatch: { safeRegex: { regex } } }] },
    directResponse: {
      status: LOOP_DETECTED,
      body: { inlineString: "the request comes back to its proxy again and again" },
    },
  };
  return {
    ...host,
    routes: [looped, ...(host.routes ?? [])],
    requestHeadersToAdd: [{ header: { key: HEADER, value: MARK } }],
  };
}

/** Whether a route is that for requests which come back. */
export const endsLoops = ({ match, directResponse }: RouteJson): boolean =>
  directResponse?.status === LOOP_DETECTED &&
  match?.headers?.some(({ name }) => name === HEADER) === true;
