import type { AddressJson } from "./api.js";

const UNIX = "unix://";

/** A socket address; `unix://PATH` is a pipe. */
export function socketAddress(address: string, port: number): AddressJson {
  if (address.startsWith(UNIX)) return { pipe: { path: address.slice(UNIX.length) } };
  return { socketAddress: { address, portValue: port } };
}
