/** A regular expression (of RE2, or JavaScript's without the flag v) that a text matches, and no other. */
export function literalRegex(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
