import ipaddr from "ipaddr.js";
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

/**
 * Addresses and ranges as ranges without the bits that say nothing, each once: Envoy refuses a chain that asks for one
 * twice, and two chains for one.
 */
export function networksOf(addresses: readonly string[]): readonly string[] {
  return [...new Set(addresses.map(networkOf))];
}

function networkOf(text: string): string {
  const { addressPrefix = "", prefixLen } = cidrRange(text);
  const range = `${addressPrefix}/${String(prefixLen)}`;
  const family = addressPrefix.includes(":") ? ipaddr.IPv6 : ipaddr.IPv4;
  return `${family.networkAddressFromCIDR(range).toString()}/${String(prefixLen)}`;
}
