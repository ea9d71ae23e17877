import type { AskedNames } from "../session.js";
import { NO_NAMES } from "../state/subscription/name-set.js";
import type { Incoming } from "./dialect.js";

/** A client that has asked for nothing. */
export const NOTHING_ASKED: AskedNames = new Map();

/** The names after a request, of these types alone; the same object when the request says nothing new. */
export function withRequest(
  asked: AskedNames,
  { typeUrl, names, unsubscribed, held }: Incoming,
  types: ReadonlySet<string>,
): AskedNames {
  if (!types.has(typeUrl)) return asked;
  const before = asked.get(typeUrl) ?? NO_NAMES;
  const added = [...names, ...held()].filter((name) => !before.has(name));
  const taken = unsubscribed.filter((name) => before.has(name));
  if (added.length === 0 && taken.length === 0) return asked;
  const after = new Set([...before, ...added]);
  for (const name of taken) after.delete(name);
  return new Map([...asked, [typeUrl, after]]);
}
