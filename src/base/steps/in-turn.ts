/** Has work done when it is its turn; the result is that of the work. */
export type InTurn = <Result>(work: () => Result | Promise<Result>) => Promise<Result>;
