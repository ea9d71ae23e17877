/** What is wrong with a value, to be read behind it; undefined when nothing is. */
export type Rule<T> = (value: T) => string | undefined;
