/** Remembers which loopback address belongs to which pod, so that it stays the same from one start to the next. */
import { readPrivateFile, writePrivateFile } from "../../ca/private-file.js";
import { assignSlots, type SlotShare } from "./addresses.js";

/** What has an address of its own. */
type Owner = "pods" | "hosts";

/** Which slot of loopback addresses belongs to whom, kept in a file. */
export interface SlotStore {
  /** The slots of these pods or hosts, and of no others; the same ones as before where they had any. */
  assign(owner: Owner, names: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

/** So many of those that are gone keep their slots, those that went last. */
const MAX_GONE = 1024;

type Slots = Record<Owner, ReadonlyMap<string, number>>;

/** Opens the file; what is in it is forgotten when it cannot be read as such a file. Without a share it has all slots. */
export async function openSlotStore(
  file: string,
  seed: string,
  share?: SlotShare,
): Promise<SlotStore> {
  const slots = parseSlots((await readPrivateFile(file))?.toString("utf8") ?? "");
  return {
    assign: async (owner, names) => {
      const before = slots[owner];
      const assigned = assignSlots(names, before, `${seed}\n${owner}`, share);
      slots[owner] = new Map([...goneOf(before, assigned), ...assigned]);
      const isNew = [...assigned].some(([name, slot]) => before.get(name) !== slot);
      if (isNew) await writePrivateFile(file, formatSlots(slots));
      return assigned;
    },
  };
}

/** Who is gone keeps its slot until another name needs it, or many more have gone. */
function goneOf(
  before: ReadonlyMap<string, number>,
  assigned: ReadonlyMap<string, number>,
): readonly (readonly [string, number])[] {
  const taken = new Set(assigned.values());
  return [...before]
    .filter(([name, slot]) => !assigned.has(name) && !taken.has(slot))
    .slice(-MAX_GONE);
}

function formatSlots({ pods, hosts }: Slots): string {
  const object = { pods: Object.fromEntries(pods), hosts: Object.fromEntries(hosts) };
  return `${JSON.stringify(object, undefined, 2)}\n`;
}

function parseSlots(text: string): Slots {
  let object: unknown;
  try {
    object = JSON.parse(text);
  } catch {
    object = {};
  }
  return { pods: slotsAt(object, "pods"), hosts: slotsAt(object, "hosts") };
}

function slotsAt(object: unknown, owner: Owner): ReadonlyMap<string, number> {
  const slots = (object as Partial<Record<Owner, unknown>> | null)?.[owner];
  const entries = typeof slots === "object" && slots !== null ? Object.entries(slots) : [];
  return new Map(entries.filter((entry): entry is [string, number] => Number.isInteger(entry[1])));
}
