import ipaddr from "ipaddr.js";

/** Whether an IP address is one of the public internet, which loopback, private and link-local ones are not. */
export function isPublic(address: string): boolean {
  return ipaddr.process(address).range() === "unicast";
}
