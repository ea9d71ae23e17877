/** How many runs a random test makes, and by which seed. */
export interface RandomRuns {
  readonly RUNS: number;
  readonly SEED: number;
}

/** As many runs, of seed 1; FAIRLEAD_RUNS and FAIRLEAD_SEED say otherwise. */
export function randomRuns(runs: number): RandomRuns {
  const { FAIRLEAD_RUNS = String(runs), FAIRLEAD_SEED = "1" } = process.env;
  return { RUNS: Number(FAIRLEAD_RUNS), SEED: Number(FAIRLEAD_SEED) };
}
