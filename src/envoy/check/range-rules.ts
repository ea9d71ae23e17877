/** Rules of Envoy's API on amounts: at least, at most, between; for numbers and for durations. */
import type { Rule } from "./rule.js";

/** The bounds of a value, as rules have them: numbers, texts of 64-bit numbers, or texts of durations. */
export interface Bounds {
  readonly lt?: Limit;
  readonly lte?: Limit;
  readonly gt?: Limit;
  readonly gte?: Limit;
}

type Limit = number | string;
type Amount = number | bigint;
type BoundName = keyof Bounds;

interface Bound {
  readonly words: string;
  readonly holds: (amount: Amount, limit: Amount) => boolean;
}

const BOUNDS: Readonly<Record<BoundName, Bound>> = {
  lt: { words: "less than", holds: (amount, limit) => amount < limit },
  lte: { words: "at most", holds: (amount, limit) => amount <= limit },
  gt: { words: "greater than", holds: (amount, limit) => amount > limit },
  gte: { words: "at least", holds: (amount, limit) => amount >= limit },
};

/**
 * The makers of rules on the amount of a value. An upper bound below the lower one means what is outside of the two: up to
 * the one, or from the other on. See protoc-gen-validate, numeric rules.
 */
export function rangeRules<T>(
  amountOf: (value: T) => Amount,
  limitOf: (limit: Limit) => Amount,
): Readonly<Record<BoundName, (limit: Limit, all: Bounds) => Rule<T> | undefined>> {
  const parse = (name: BoundName, all: Bounds): ParsedBound | undefined => {
    const text = all[name];
    return text === undefined ? undefined : { ...BOUNDS[name], limit: limitOf(text), text };
  };
  const upper = (_limit: Limit, all: Bounds): Rule<T> | undefined => {
    const own = parse("lt", all) ?? parse("lte", all);
    const other = parse("gt", all) ?? parse("gte", all);
    if (own === undefined) return undefined;
    if (other === undefined || own.limit >= other.limit) return inside(own, amountOf);
    return outside(own, other, amountOf);
  };
  const lower = (_limit: Limit, all: Bounds): Rule<T> | undefined => {
    const own = parse("gt", all) ?? parse("gte", all);
    const other = parse("lt", all) ?? parse("lte", all);
    const isInside = other === undefined || own === undefined || own.limit <= other.limit;
    // Where it is not, the upper bound's rule is that of both.
    return own !== undefined && isInside ? inside(own, amountOf) : undefined;
  };
  return { lt: upper, lte: upper, gt: lower, gte: lower };
}

interface ParsedBound extends Bound {
  readonly limit: Amount;
  readonly text: Limit;
}

function inside<T>(
  { words, holds, limit, text }: ParsedBound,
  amountOf: (value: T) => Amount,
): Rule<T> {
  const problem = `must be ${words} ${text}`;
  return (value) => (holds(amountOf(value), limit) ? undefined : problem);
}

function outside<T>(
  upper: ParsedBound,
  lower: ParsedBound,
  amountOf: (value: T) => Amount,
): Rule<T> {
  const problem = `must be ${upper.words} ${upper.text} or ${lower.words} ${lower.text}`;
  return (value) => {
    const amount = amountOf(value);
    const isOutside = upper.holds(amount, upper.limit) || lower.holds(amount, lower.limit);
    return isOutside ? undefined : problem;
  };
}
