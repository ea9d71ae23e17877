/** Values that say something: Istio's API reads an empty text, and often a zero, as if they were not written. */

/** A text; undefined for the empty one. */
export const given = (text: string | undefined): string | undefined =>
  text === "" ? undefined : text;

/** A number above zero; undefined for any other. */
export const positive = (value: number | undefined): number | undefined =>
  value !== undefined && value > 0 ? value : undefined;

/** The fields that may be missing; a map has any keys in any case. */
type Defined<T> = string extends keyof T
  ? { [K in keyof T]: Exclude<T[K], undefined> }
  : { [K in keyof T]?: Exclude<T[K], undefined> };

/** An object without its undefined fields, as exact optional types and canonical JSON want it. */
export function defined<T extends object>(
  fields: {
    readonly [K in keyof T]: T[K] | undefined;
  },
): Defined<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Defined<T>;
}
