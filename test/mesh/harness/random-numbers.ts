/** Numbers from 0 to below 1, the same ones for each seed. See Numerical Recipes, "quick and dirty" generators. */
export function* randomNumbers(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    yield state / 2 ** 32;
  }
}
