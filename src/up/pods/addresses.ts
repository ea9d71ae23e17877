/** Which loopback addresses a pod has: derived from its name, so that it has the same ones at the next start. */
import { createHash } from "node:crypto";

/** The addresses of one pod. */
export interface PodAddresses {
  /** Where others reach it. */
  readonly pod: string;
  /** Where its application listens behind a sidecar. */
  readonly app: string;
  /** Where its sidecar listens for its application's calls to others. */
  readonly egress: string;
}

const POD_NETWORK = 30;
const APP_NETWORK = 31;
const EGRESS_NETWORK = 32;
const STAND_IN_NETWORK = 33;

const LAST_BYTES = 254;
const SLOTS = 256 * LAST_BYTES;

/** There are addresses for so many pods on one machine. */
export const MAX_PODS = SLOTS;

/** One of so many equal shares of the slots. */
export interface SlotShare {
  /** From 0. */
  readonly index: number;
  readonly of: number;
}

const ALL_SLOTS: SlotShare = { index: 0, of: 1 };

/**
 * A slot, 0 to 65023, for each name: the slot that it had, else one by the hash of its name and the seed, else the next that
 * is free. No two names share one. The seed keeps two meshes on one machine apart, as far as chance does; shares that differ
 * do so for certain. Throws a RangeError for more names than there are slots.
 */
export function assignSlots(
  names: readonly string[],
  previous: ReadonlyMap<string, number>,
  seed: string,
  share: SlotShare = ALL_SLOTS,
): ReadonlyMap<string, number> {
  const count = Math.floor(SLOTS / share.of);
  if (names.length > count) throw new RangeError(`more than ${count} pods on one machine`);
  const slots = new Map<string, number>();
  const taken = new Set<number>();
  const assign = (name: string, slot: number): void => {
    slots.set(name, slot);
    taken.add(slot);
  };
  for (const name of names) {
    const slot = previous.get(name);
    if (slot !== undefined && slot >= 0 && slot < SLOTS && !taken.has(slot)) assign(name, slot);
  }
  for (const name of names.filter((one) => !slots.has(one)).sort()) {
    let place = preferredPlace(name, seed, count);
    while (taken.has(slotAt(place, share))) place = (place + 1) % count;
    assign(name, slotAt(place, share));
  }
  return slots;
}

function preferredPlace(name: string, seed: string, count: number): number {
  return createHash("sha256").update(`${seed}\n${name}`).digest().readUInt32BE(0) % count;
}

const slotAt = (place: number, { index, of }: SlotShare): number => place * of + index;

/** The addresses of the pod in a slot. */
export function podAddresses(slot: number): PodAddresses {
  return {
    pod: address(POD_NETWORK, slot),
    app: address(APP_NETWORK, slot),
    egress: address(EGRESS_NETWORK, slot),
  };
}

/** The address of the stand-in in a slot. */
export function standInAddress(slot: number): string {
  return address(STAND_IN_NETWORK, slot);
}

/** No address of a slot ends in 0 or 255. */
function address(network: number, slot: number): string {
  return `127.${network}.${Math.floor(slot / LAST_BYTES)}.${(slot % LAST_BYTES) + 1}`;
}
