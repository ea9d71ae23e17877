/** The addresses at which listeners listen, and the names that listeners have by these. */
import type { ConnectionSettings } from "../../mesh/proxy/connection-settings.js";
import type { AddressFamilies } from "../../mesh/proxy/proxy.js";
import { socketAddress } from "../address.js";
import type { AddressJson, ListenerJson } from "../api.js";
import { listenerName } from "../names.js";

/** Stands for every address of a host, of whatever family: where proxies have no other, it is that of IPv6. */
export const ANY_ADDRESS = "0.0.0.0";

/** How many connections a worker accepts at once, so that all workers get their share. Istio's choice. */
export const CONNECTIONS_PER_EVENT = 1;

/** Where a listener listens, and its name by that. */
export interface ListenerAddress {
  readonly address: string;
  readonly port: number;
}

/** How the connections of a listener come to worker threads. */
export const balancing = ({
  balanced,
}: ConnectionSettings): Pick<ListenerJson, "connectionBalanceConfig"> =>
  balanced === true ? { connectionBalanceConfig: { exactBalance: {} } } : {};

const ANY_IPV6_ADDRESS = "::";

/** The fields of a listener that its address decides. */
interface ListenerPlace {
  readonly name: string;
  readonly address: AddressJson;
  readonly additionalAddresses?: { readonly address: AddressJson }[];
}

/** The address itself, but for the one that stands for all: of a proxy that has IPv6 alone that is another. */
export const anyAddressOf = (address: string, families: AddressFamilies): string =>
  address === ANY_ADDRESS && families === "ipv6" ? ANY_IPV6_ADDRESS : address;

/**
 * The fields of a listener at an address. One on every address is on those of all families of the proxy: to Envoy a
 * wildcard stands for its own family alone.
 */
export function listenAt(
  { address, port }: ListenerAddress,
  families: AddressFamilies = "ipv4",
): ListenerPlace {
  const first = anyAddressOf(address, families);
  const place = { name: listenerName(first, port), address: socketAddress(first, port) };
  if (families !== "both" || address !== ANY_ADDRESS) return place;
  return { ...place, additionalAddresses: [{ address: socketAddress(ANY_IPV6_ADDRESS, port) }] };
}
