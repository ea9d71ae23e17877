import type { ConnectionManners } from "../../mesh/connection-manners.js";
import { socketAddress } from "../address.js";
import type { AddressJson, ListenerJson } from "../api.js";
import { listenerName } from "../names.js";

/** The address that stands for every address of a host. */
export const ANY_ADDRESS = "0.0.0.0";

/** So many connections a worker accepts at once, so that all workers get their share. Istio's choice. */
export const CONNECTIONS_PER_EVENT = 1;

/** Where a listener listens, and its name by that. */
export interface ListenerAddress {
  readonly address: string;
  readonly port: number;
}

/** How the connections of a listener come to worker threads. */
export const balancing = ({
  balanced,
}: ConnectionManners): Pick<ListenerJson, "connectionBalanceConfig"> =>
  balanced === true ? { connectionBalanceConfig: { exactBalance: {} } } : {};

const ANY_IPV6_ADDRESS = "::";

/** The fields of a listener that its address decides. */
interface ListenerPlace {
  readonly name: string;
  readonly address: AddressJson;
  readonly additionalAddresses?: { readonly address: AddressJson }[];
}

/**
 * The fields of a listener at an address. With `dualStack` one on every address is on those of IPv6 too: to Envoy a
 * wildcard stands for its own family alone.
 */
export function listenAt({ address, port }: ListenerAddress, dualStack = false): ListenerPlace {
  const place = { name: listenerName(address, port), address: socketAddress(address, port) };
  if (!dualStack || address !== ANY_ADDRESS) return place;
  return { ...place, additionalAddresses: [{ address: socketAddress(ANY_IPV6_ADDRESS, port) }] };
}
