import type { ConfigSnapshot } from "./snapshot.js";

/**
 * Finds places as a snapshot does, each once: finding one may take the parsing of a resource, and what answers one question
 * often names the same part of it hundreds of times. It holds what it finds, so it is made for a question.
 */
export function rememberedLocate(locate: ConfigSnapshot["locate"]): ConfigSnapshot["locate"] {
  const known = new Map<string, ReturnType<ConfigSnapshot["locate"]>>();
  return (ref, path = []) => {
    const key = JSON.stringify([ref.kind, ref.namespace, ref.name, ...path]);
    if (!known.has(key)) known.set(key, locate(ref, path));
    return known.get(key);
  };
}
