/**
 * Histograms of what happens for each response to each proxy.
 *
 * prom-client finds where a value is counted by a hash of its labels, for each value anew: of an edit that two hundred proxies are
 * told of that was a twentieth. Here who counts holds on to the place; prom-client writes it down when somebody asks.
 */
import type { Metric, Registry } from "prom-client";

/** What a metric is called, and its buckets' upper bounds in rising order. */
export interface HistogramOptions {
  readonly name: string;
  readonly help: string;
  readonly bounds: readonly number[];
}

/** Bounds for what takes from a millisecond to seconds. */
export const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];

/** Labels and their values. */
type Labels = Readonly<Record<string, string>>;

/** A line of a metric, as prom-client writes them. */
interface Sample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** The values that have the same labels. */
export class Distribution {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #count = 0;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  get count(): number {
    return this.#count;
  }

  get sum(): number {
    return this.#sum;
  }

  /** Counts a finite number. What is above all bounds is in none of the buckets that have one. */
  observe(value: number): void {
    this.#count += 1;
    this.#sum += value;
    const bucket = this.#bounds.findIndex((bound) => value <= bound);
    if (bucket !== -1) this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
  }

  /** In each bucket are the values up to its bound, those of the buckets before it too. */
  samples(name: string, labels: Labels): readonly Sample[] {
    let upTo = 0;
    const buckets = this.#bounds.map((le, i) => {
      upTo += this.#counts[i] ?? 0;
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: upTo };
    });
    return [
      ...buckets,
      { metricName: `${name}_bucket`, labels: { le: "+Inf", ...labels }, value: this.#count },
      { metricName: `${name}_sum`, labels, value: this.#sum },
      { metricName: `${name}_count`, labels, value: this.#count },
    ];
  }
}

/** Adds a histogram to what is told; the result is where values of some labels are counted, called once for each of these. */
export function addHistogram(
  registry: Registry,
  { name, help, bounds }: HistogramOptions,
): (labels: Labels) => Distribution {
  const all: { readonly labels: Labels; readonly distribution: Distribution }[] = [];
  // Without labels there is one line of each kind from the start on; with them, of those of which there is a value.
  const isTold = ({ labels, distribution }: (typeof all)[number]): boolean =>
    distribution.count > 0 || Object.keys(labels).length === 0;
  const metric = {
    name,
    help,
    type: "histogram",
    get: () => {
      const told = all.filter(isTold);
      const values = told.flatMap(({ labels, distribution }) => distribution.samples(name, labels));
      return Promise.resolve({ name, help, type: "histogram", values });
    },
  };
  // Its types name its own classes alone; of a metric it asks for its name, and for `get`.
  registry.registerMetric(metric as unknown as Metric);
  return (labels) => {
    const distribution = new Distribution(bounds);
    all.push({ labels, distribution });
    return distribution;
  };
}
