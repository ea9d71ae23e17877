/** How calls of remembering functions are compared: by the fields of their arguments. */

/** All fields that a function of an object can read: one that is not named does not compile. */
export type FieldNames<I> = Readonly<Record<keyof I & string, true>>;

/** The names of fields. */
export const namesIn = <I>(fields: FieldNames<I>): readonly (keyof I & string)[] =>
  Object.keys(fields) as (keyof I & string)[];

/** These fields of an input, and no others. */
export const fieldsOf = <I extends object>(input: I, fields: FieldNames<I>): I =>
  Object.fromEntries(namesIn(fields).map((field) => [field, input[field]])) as I;

/** Whether these fields of an input have these values. */
export function hasFields<I extends object>(
  input: I,
  fields: readonly (keyof I)[],
  values: readonly unknown[],
): boolean {
  // Asked several times for each proxy after each edit, as `sameElements` is.
  let i = 0;
  for (const field of fields) {
    if (input[field] !== values[i]) return false;
    i += 1;
  }
  return true;
}

/** What a recorder is told of a call: the strings among its arguments. */
export const keyOf = (args: readonly unknown[]): string =>
  args.filter((argument) => typeof argument === "string").join(" ");
