const MAX_LENGTH = 200;

/**
 * A text that somebody else chose as it goes into logs and onto terminals: its first 200 characters, each that is not a printable
 * one of ASCII as `?`.
 */
export function limitedAscii(text: string): string {
  return text.slice(0, MAX_LENGTH).replace(/[^\x20-\x7e]/g, "?");
}
