import { socketAddress } from "../address.js";
import type { AddressJson } from "../api.js";
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

/** The fields of a listener that its address decides. */
export function listenAt({ address, port }: ListenerAddress): {
  name: string;
  address: AddressJson;
} {
  return { name: listenerName(address, port), address: socketAddress(address, port) };
}
