/** What Envoy would say of a regular expression that it cannot compile. */
import { RE2JS, RE2JSException } from "re2js";

/**
 * An escape; of one for a character's number, the number. What stands between `\Q` and `\E` is literal text.
 */
const ESCAPE = /\\Q[\s\S]*?(?:\\E|$)|\\x\{([0-9a-f]+)\}|\\[\s\S]/gi;
const LAST_BYTE = 0xff;

/**
 * Why Envoy's RE2 would not compile a regular expression; undefined when it would. It reads bytes, not characters, so the
 * text is given as its UTF-8 bytes, one character each, and no character has a number above 255. Not found is what
 * becomes too large a program (`re2.max_program_size.error_level`).
 */
export function regexProblem(regex: string): string | undefined {
  for (const [escape, number] of regex.matchAll(ESCAPE)) {
    if (number !== undefined && Number.parseInt(number, 16) > LAST_BYTE) {
      return `is no RE2 regular expression of bytes: ${escape} is not one byte`;
    }
  }
  try {
    RE2JS.compile(Buffer.from(regex, "utf8").toString("latin1"));
    return undefined;
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return `is no RE2 regular expression: ${reasonOf(error.message)}`;
  }
}

/** The library's words without what they begin with, and with the text that was given to it. */
function reasonOf(message: string): string {
  const reason = message.replace(/^error parsing regexp: /, "");
  return Buffer.from(reason, "latin1").toString("utf8");
}
