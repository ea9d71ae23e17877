import { inspect } from "node:util";

const REDACTED = "[redacted]";

/** A value that must not be seen: printed, inspected or put into JSON it is `[redacted]`. */
export interface Redacted<T> {
  /** The value itself. What it is put into must be kept as well as this. */
  reveal(): T;
}

/** Hides a value from logs, errors and dumps. */
export function redact<T>(value: T): Redacted<T> {
  const hidden = (): string => REDACTED;
  return Object.freeze({
    reveal: () => value,
    toString: hidden,
    toJSON: hidden,
    [Symbol.toPrimitive]: hidden,
    [inspect.custom]: hidden,
  });
}
