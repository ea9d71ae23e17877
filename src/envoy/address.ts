import type { AddressJson, CidrRangeJson } from "./api.js";

const UNIX = "unix://";

/** A socket address; `unix://PATH` is a pipe. */
export function socketAddress(address: string, port: number): AddressJson {
  if (address.startsWith(UNIX)) return { pipe: { path: address.slice(UNIX.length) } };
  return { socketAddress: { address, portValue: port } };
}

/** A range of addresses, `10.0.0.0/8`; an address alone is the range of itself. */
export function cidrRange(text: string): CidrRangeJson {
  const [addressPrefix = "", length] = text.split("/");
  const whole = addressPrefix.includes(":") ? 128 : 32;
  return { addressPrefix, prefixLen: length === undefined ? whole : Number(length) };
}
