import ipaddr from "ipaddr.js";

/** Addresses and blocks of them, in their order, each once: of one that is written in two ways the first way counts. */
export function distinctAddresses(addresses: readonly string[]): readonly string[] {
  const known = new Map<string, string>();
  for (const address of addresses) {
    const key = canonical(address);
    if (!known.has(key)) known.set(key, address);
  }
  return [...known.values()];
}

/** IPv6 as RFC 5952 has it; what is no address as it is. */
function canonical(address: string): string {
  const [host = "", ...mask] = address.split("/");
  if (!host.includes(":") || !ipaddr.isValid(host)) return address;
  return [ipaddr.parse(host).toString(), ...mask].join("/");
}
