/** Words whose plural is not theirs with an s. */
const PLURALS: Readonly<Record<string, string>> = { proxy: "proxies" };

/** The word for so many of them: `proxy` for one, `proxies` for two. */
export function plural(count: number, word: string): string {
  return count === 1 ? word : (PLURALS[word] ?? `${word}s`);
}

/** `1 proxy`, `2 proxies`. */
export function counted(count: number, word: string): string {
  return `${count} ${plural(count, word)}`;
}
