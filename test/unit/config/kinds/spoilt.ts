import fc, { type Arbitrary } from "fast-check";

/** One edit of a value: at the place that `steps` lead to, each a choice among the members there. */
interface Edit {
  readonly steps: readonly number[];
  readonly how: "replace" | "remove" | "add";
  readonly value: unknown;
  readonly name: string;
}

/** What values are most often taken for others. */
const oddValue = fc.oneof(
  fc.constantFrom<unknown>(null, "", "0", 0, -1, 1.5, 4294967296, true, "5s", "5", "1h1x", [], {}, [
    null,
  ]),
  fc.jsonValue({ maxDepth: 2 }),
);

const edit: Arbitrary<Edit> = fc.record({
  steps: fc.array(fc.nat(50), { maxLength: 8 }),
  how: fc.constantFrom<Edit["how"]>("replace", "replace", "remove", "add"),
  value: oddValue,
  name: fc.constantFrom("name", "host", "port", "unknown", "a\nb", "toString", "x"),
});

/** Values as an arbitrary makes them, after up to three edits somewhere within. */
export function spoilt(values: Arbitrary<unknown>): Arbitrary<unknown> {
  const edits = fc.array(edit, { minLength: 1, maxLength: 3 });
  return fc.tuple(values, edits).map(([value, all]) => all.reduce(edited, value));
}

function edited(value: unknown, { steps, ...change }: Edit): unknown {
  const [step = 0, ...rest] = steps;
  const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
  const key = keys[step % Math.max(1, keys.length)];
  if (key === undefined) return change.how === "add" ? added(value, change) : change.value;
  if (steps.length > 1)
    return withMember(value, key, edited(member(value, key), { steps: rest, ...change }));
  if (change.how === "add") return added(value, change);
  return change.how === "remove" ? without(value, key) : withMember(value, key, change.value);
}

const member = (value: unknown, key: string): unknown => (value as Record<string, unknown>)[key];

function added(value: unknown, { name, value: item }: Pick<Edit, "name" | "value">): unknown {
  if (Array.isArray(value)) return [...(value as unknown[]), item];
  return typeof value === "object" && value !== null ? { ...value, [name]: item } : item;
}

function withMember(value: unknown, key: string, item: unknown): unknown {
  return Array.isArray(value)
    ? (value as unknown[]).with(Number(key), item)
    : { ...(value as object), [key]: item };
}

function without(value: unknown, key: string): unknown {
  return Array.isArray(value)
    ? (value as unknown[]).toSpliced(Number(key), 1)
    : Object.fromEntries(Object.entries(value as object).filter(([name]) => name !== key));
}
