/** A call as a connection manager takes it before its filters look at it. See Envoy, HttpConnectionManager. */
import ipaddr from "ipaddr.js";
import type { HttpConnectionManagerJson } from "../envoy/api.js";
import type { Call, HttpRequest } from "./call.js";
import { normalizedPath } from "./normalized-path.js";

const FORWARDED_FOR = "x-forwarded-for";

/** See the top of this file. */
export interface ReceivedCall {
  readonly call: Call;
  /** The client's address as proxies before tell it. Absent when it is taken to be that of the connection. */
  readonly clientAddress?: string;
}

/** The call with a comparable path, and at an edge with the address from which it comes in `x-forwarded-for`. */
export function receivedCall(manager: HttpConnectionManagerJson, call: Call): ReceivedCall {
  const { request, source } = call;
  if (request === undefined) return { call };
  const path = normalizedPath(request.path, manager);
  const isEdge = manager.useRemoteAddress === true;
  const headers =
    isEdge && source !== undefined ? withSource(request.headers, source.address) : request.headers;
  const clientAddress = toldAddress(manager, request.headers);
  return {
    call: { ...call, request: { ...request, path, headers } },
    ...(clientAddress === undefined ? {} : { clientAddress }),
  };
}

function withSource(headers: HttpRequest["headers"], address: string): HttpRequest["headers"] {
  const before = headers[FORWARDED_FOR];
  return { ...headers, [FORWARDED_FOR]: before === undefined ? address : `${before},${address}` };
}

/**
 * The address that the last proxy before the trusted ones has written. An edge, to which the connection itself is the last
 * of these, believes nobody when it trusts none; and what is no address tells nothing.
 */
function toldAddress(
  { useRemoteAddress, xffNumTrustedHops = 0 }: HttpConnectionManagerJson,
  headers: HttpRequest["headers"],
): string | undefined {
  const trusted = useRemoteAddress === true ? xffNumTrustedHops - 1 : xffNumTrustedHops;
  if (trusted < 0) return undefined;
  const told = headers[FORWARDED_FOR]?.split(",") ?? [];
  const address = told.at(-1 - trusted)?.trim() ?? "";
  const isAddress = ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address);
  return isAddress ? address : undefined;
}
