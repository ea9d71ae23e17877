import type { Percent } from "../../config/kinds/value/fields.js";
import type { FractionalPercentJson } from "../api.js";

const MILLIONTHS_PER_PERCENT = 10_000;

/** A share of requests: exact to a ten-thousandth of a percent. Whole percents are out of a hundred. */
function fractionalPercent(percent: number): FractionalPercentJson {
  return {
    numerator: Math.round(percent * MILLIONTHS_PER_PERCENT),
    denominator: "MILLION",
  };
}

/** The share that `percentage` names, else the deprecated whole `percent`, else all. */
export function share(
  percentage: Percent | undefined,
  percent: number | undefined,
): FractionalPercentJson {
  if (percentage !== undefined) return fractionalPercent(percentage.value ?? 0);
  return percent === undefined
    ? fractionalPercent(100)
    : { numerator: percent, denominator: "HUNDRED" };
}
