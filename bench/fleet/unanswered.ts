/** What a proxy has asked for and has no answer to: types as a whole, and names by type. */
import { entryOf } from "./referred-names.js";

/** See the top of this file. */
export interface Unanswered {
  readonly askForType: (typeUrl: string) => void;
  readonly askForNames: (typeUrl: string, names: readonly string[]) => void;
  /** A response came: it answers for its type as a whole, and for the names of what it brings and of what it removes. */
  readonly answer: (typeUrl: string, names: readonly string[]) => void;
  readonly isEmpty: () => boolean;
}

/** Nothing was asked for yet. */
export function createUnanswered(): Unanswered {
  const types = new Set<string>();
  const byType = new Map<string, Set<string>>();
  return {
    askForType(typeUrl) {
      types.add(typeUrl);
    },
    askForNames(typeUrl, names) {
      const open = entryOf(byType, typeUrl, () => new Set<string>());
      for (const name of names) open.add(name);
    },
    answer(typeUrl, names) {
      types.delete(typeUrl);
      const open = byType.get(typeUrl);
      for (const name of names) open?.delete(name);
    },
    isEmpty: () => types.size === 0 && [...byType.values()].every(({ size }) => size === 0),
  };
}
