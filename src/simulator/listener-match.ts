/** Which listener takes a connection. See Envoy, "Listeners", and Listener.use_original_dst. */
import ipaddr from "ipaddr.js";
import type { AddressJson, ListenerJson } from "../envoy/api.js";
import type { Call } from "./call.js";

const ORIGINAL_DESTINATION = "envoy.filters.listener.original_dst";

/** A listener, and why it is that one. */
export interface ListenerMatch {
  readonly listener: ListenerJson;
  readonly reason: string;
}

/** The listener that a connection ends up on; undefined when nothing listens for it. */
export function matchListener(
  listeners: readonly ListenerJson[],
  call: Call,
): ListenerMatch | undefined {
  const { address, port } = call.destination;
  const bound = listeners.filter(({ bindToPort }) => bindToPort !== false);
  switch (call.direction) {
    case "direct":
      return at(bound, call);
    case "inbound": {
      const capture = bound.find(capturesInbound);
      if (capture === undefined) return at(bound, call);
      return { listener: capture, reason: "all inbound connections are redirected to it" };
    }
    case "outbound": {
      const capture = bound.find(({ useOriginalDst }) => useOriginalDst === true);
      if (capture === undefined) return at(bound, call);
      const reason = `all outbound connections are redirected to it, and no listener is for ${address}:${port}`;
      return at(listeners, call) ?? { listener: capture, reason };
    }
  }
}

function capturesInbound({ trafficDirection, listenerFilters = [] }: ListenerJson): boolean {
  return (
    trafficDirection === "INBOUND" &&
    listenerFilters.some(({ name }) => name === ORIGINAL_DESTINATION)
  );
}

/** The listener of an address and port, else that of the port on all addresses of its family. */
function at(listeners: readonly ListenerJson[], { destination }: Call): ListenerMatch | undefined {
  const { address, port } = destination;
  const own = listeners.find((listener) => listensAt(listener, address, port));
  if (own !== undefined) return { listener: own, reason: `it is for ${address}:${port}` };
  const any = address.includes(":") ? "::" : "0.0.0.0";
  const shared = listeners.find((listener) => listensAt(listener, any, port));
  return shared && { listener: shared, reason: `it is for port ${port} of every address` };
}

function listensAt(listener: ListenerJson, address: string, port: number): boolean {
  const { address: first, additionalAddresses = [] } = listener;
  return [first, ...additionalAddresses.map((one) => one.address)].some(
    (one) => one !== undefined && isAddress(one, address, port),
  );
}

function isAddress({ socketAddress }: AddressJson, address: string, port: number): boolean {
  return socketAddress?.portValue === port && sameIp(socketAddress.address ?? "", address);
}

function sameIp(a: string, b: string): boolean {
  if (a === b || !ipaddr.isValid(a) || !ipaddr.isValid(b)) return a === b;
  return ipaddr.parse(a).toNormalizedString() === ipaddr.parse(b).toNormalizedString();
}
