/** What all worlds at random are made with. */
import fc, { type Arbitrary } from "fast-check";

/** An object without the fields that are undefined: YAML has none. */
export type Given<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Objects with these fields, of which those may be missing that may be undefined. */
export const given = <T extends object>(
  fields: {
    [K in keyof T]: Arbitrary<T[K]>;
  },
): Arbitrary<Given<T>> =>
  fc
    .record(fields)
    .map(
      (object) =>
        Object.fromEntries(
          Object.entries(object).filter(([, value]) => value !== undefined),
        ) as Given<T>,
    );

/** Something once in so many times, else nothing. */
export const seldom = <T>(arbitrary: Arbitrary<T>, times: number): Arbitrary<T | undefined> =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight: times - 1 }, { arbitrary, weight: 1 });

/** Something, but for once in so many times. */
export const mostly = <T>(arbitrary: Arbitrary<T>, times: number): Arbitrary<T | undefined> =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight: 1 }, { arbitrary, weight: times - 1 });
