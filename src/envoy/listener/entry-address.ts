/** The addresses at which a sidecar listens for the callers of a service. */
import type { Service } from "../../mesh/service/service.js";
import type { EgressListener } from "../../mesh/sidecar/sidecar.js";
import { networksOf } from "../address.js";
import { ANY_ADDRESS } from "./address.js";

/** Where connections to a service are taken: at one address and, when there are blocks, only those that are meant for these. */
export interface EntryAddress {
  readonly address: string;
  /** CIDR blocks; none means that all connections at the address are taken. */
  readonly prefixes: readonly string[];
  /** At the address of a Sidecar's listener: the service has no address of its own, but a block of them. */
  readonly isOfBlock?: boolean;
}

/** Each address of a service, and every address for all of its blocks. */
function addressesOf(
  { addresses }: Service,
  podAddresses: readonly string[] | undefined,
): readonly EntryAddress[] {
  if (podAddresses !== undefined) {
    return podAddresses.map((address) => ({ address, prefixes: [] }));
  }
  const blocks = addresses.filter((one) => one.includes("/"));
  const single = addresses.filter((one) => !one.includes("/"));
  const each = single.map((address) => ({ address, prefixes: [] }));
  if (blocks.length === 0 && each.length > 0) return each;
  return [...each, { address: ANY_ADDRESS, prefixes: networksOf(blocks) }];
}

/** What decides where the listeners of a service are. */
export interface AddressSources {
  /** Where a service is called that callers know by the addresses of its workloads; undefined of others. */
  readonly podAddresses: readonly string[] | undefined;
  /** The listener of a Sidecar on which callers reach it. */
  readonly egress: EgressListener | undefined;
}

const LOCALHOST = "127.0.0.1";

/** The one address of a Sidecar's listener; undefined where the addresses of the services decide. */
export const sidecarAddress = (egress: EgressListener | undefined): string | undefined =>
  egress?.bind ?? (egress?.bound === true ? LOCALHOST : undefined);

/** The addresses at which a service is called where the protocol needs an address. */
export function entryAddresses(
  service: Service,
  { podAddresses, egress }: AddressSources,
): readonly EntryAddress[] {
  const address = sidecarAddress(egress);
  if (address === undefined) return addressesOf(service, podAddresses);
  const isOfBlock = service.addresses[0]?.includes("/") === true;
  return [{ address, prefixes: [], isOfBlock }];
}
