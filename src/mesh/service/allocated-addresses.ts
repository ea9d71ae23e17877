/**
 * Addresses for hosts that have none, so that connections to them can be told apart where a proxy answers its application's
 * questions to DNS. They are the same on every control plane that knows the same hosts. See Istio, autoAllocateIPs.
 */
import type { Engine } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import { isWildcard } from "../hostname.js";
import type { AllocatedAddresses, Service } from "./service.js";

/** By this label a ServiceEntry declines. */
const ALLOCATE_LABEL = "networking.istio.io/enable-autoallocate-ip";

/** The number of slots, and the largest prime below it, for the second hash when a slot is taken. */
const SLOTS = 256 * 254;
const PRIME = 65011;
/** Neither 0 nor 255 ends an address. */
const ENDINGS = 255;

/** The slot of each host, and how many resources define it: by `serviceKey`. */
type Hosts = Table<number>;

/** Whether connections to a service can only be known by an address that it has not. */
function wantsAddress({ kubernetes, addresses, hostname, resolution, labels }: Service): boolean {
  const declines = labels[ALLOCATE_LABEL]?.toLowerCase() === "false";
  const isNamed = addresses.length === 0 && !isWildcard(hostname) && resolution !== "none";
  return !kubernetes && isNamed && !declines;
}

/** FNV-1a, 32 bits. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** Which slot of those that are free a hash leads to, by double hashing in 32 bits. */
function freeSlot(hash: number, isTaken: (slot: number) => boolean): number {
  const first = hash % SLOTS;
  if (!isTaken(first)) return first;
  const step = PRIME - (hash % PRIME);
  let at = hash;
  do {
    at = (at + step) >>> 0;
  } while (isTaken(at % (SLOTS - 1)));
  return at % (SLOTS - 1);
}

/**
 * The slots of hosts: every definition of a host takes one, and the lowest of them is the host's. Half of the slots are
 * given, so that a free one is found soon; hosts beyond get none.
 */
function slotsOf(hosts: Hosts): ReadonlyMap<string, number> {
  const taken = new Set<number>();
  const slots = new Map<string, number>();
  const definitions = hosts
    .sorted()
    .flatMap(([key, count]) => Array.from({ length: count }, () => key));
  for (const key of definitions.slice(0, SLOTS / 2)) {
    const slot = freeSlot(fnv1a(key), (one) => taken.has(one));
    taken.add(slot);
    slots.set(key, Math.min(slot, slots.get(key) ?? slot));
  }
  return slots;
}

/** The addresses of a slot, of 240.240.0.0/16 and 2001:2::/48: ranges that lead nowhere. */
function addressesOf(slot: number): AllocatedAddresses {
  const number = slot + 1 + ((slot + 1) % ENDINGS === 0 ? 1 : 0);
  const third = Math.floor(number / ENDINGS);
  const fourth = number % ENDINGS;
  const hex = `${third === 0 ? "" : third.toString(16)}${fourth.toString(16).padStart(third === 0 ? 1 : 2, "0")}`;
  return { ipv4: `240.240.${third}.${fourth}`, ipv6: `2001:2::f0f0:${hex}` };
}

/** The builder of addresses for the hosts that want some, from the definitions of each: by `serviceKey`. */
export function createAllocatedAddresses(
  engine: Engine,
): (definitions: Table<Table<Service>>) => Table<AllocatedAddresses> {
  const counted = engine.derive<[Table<Service>], [], number>(
    "hosts without addresses",
    (_key, [definitions]) => {
      const count = [...(definitions?.values() ?? [])].filter(wantsAddress).length;
      return count === 0 ? undefined : count;
    },
  );
  const slots = engine.latestOf("allocated slots", slotsOf);
  const addresses = engine.derive<[number], [ReadonlyMap<string, number>], AllocatedAddresses>(
    "allocated addresses",
    (key, _count, all) => {
      const slot = all.get(key);
      return slot === undefined ? undefined : addressesOf(slot);
    },
    (a, b) => a.ipv4 === b.ipv4,
  );
  return (definitions) => {
    const hosts = counted([definitions]);
    return addresses([hosts], slots(hosts));
  };
}
