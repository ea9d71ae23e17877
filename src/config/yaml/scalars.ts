/**
 * Plain scalars as Kubernetes reads them. Its tools read YAML with go-yaml's version 2: YAML 1.1 without base 60 and
 * without dates (a date stays text), and the `0o` of YAML 1.2.
 */

const TRUE: ReadonlySet<string> = new Set([
  "y",
  "Y",
  "yes",
  "Yes",
  "YES",
  "true",
  "True",
  "TRUE",
  "on",
  "On",
  "ON",
]);
const FALSE: ReadonlySet<string> = new Set([
  "n",
  "N",
  "no",
  "No",
  "NO",
  "false",
  "False",
  "FALSE",
  "off",
  "Off",
  "OFF",
]);
const NULL: ReadonlySet<string> = new Set(["", "~", "null", "Null", "NULL"]);

const INTEGER = /^[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

/** Whether a plain scalar is null. */
export function isNull(text: string): boolean {
  return NULL.has(text);
}

/** true or false, or undefined when the text is neither. */
export function readBoolean(text: string): boolean | undefined {
  if (TRUE.has(text)) return true;
  return FALSE.has(text) ? false : undefined;
}

/** A whole number: decimal, `0x`, `0b`, `0o`, or octal by a leading 0; `_` between digits is ignored. */
export function readInteger(text: string): number | undefined {
  const digits = withoutUnderscores(text);
  if (digits === undefined || !INTEGER.test(digits)) return undefined;
  const sign = digits.startsWith("-") ? -1 : 1;
  const unsigned = digits.replace(/^[-+]/, "");
  const number = /^0[0-7]/.test(unsigned)
    ? Number.parseInt(unsigned, 8)
    : // Number reads 0x, 0b, 0o and decimals, but none with a sign in front of a prefix.
      Number(unsigned);
  // Never -0, which is not equal to 0 for those who look closely.
  return number === 0 ? 0 : sign * number;
}

/** A number with a fraction or an exponent; `08`, which is no octal number, is read so too. */
export function readFloat(text: string): number | undefined {
  const digits = withoutUnderscores(text);
  if (digits === undefined || !FLOAT.test(digits)) return undefined;
  const number = Number(digits);
  return Number.isFinite(number) ? number : undefined;
}

/** What a plain scalar without a tag says: null, a boolean, a number, else its text. */
export function readPlainScalar(text: string): string | number | boolean | null {
  if (isNull(text)) return null;
  return readBoolean(text) ?? readInteger(text) ?? readFloat(text) ?? text;
}

/** A number begins with a digit, a sign or a point, so that `_1` stays text. */
function withoutUnderscores(text: string): string | undefined {
  if (!/^[-+.0-9]/.test(text)) return undefined;
  return text.includes("_") && !text.startsWith(".") ? text.replaceAll("_", "") : text;
}
