import Type, { type TInteger } from "typebox";
import type { Path } from "../../kind.js";
import { type Findings, refuse } from "../value/findings.js";

/** A whole number from 0 on. */
export function upTo(maximum: number): TInteger {
  return Type.Integer({ minimum: 0, maximum });
}

/** A whole number within bounds. */
export function within(minimum: number, maximum: number): TInteger {
  return Type.Integer({ minimum, maximum });
}

const DURATION = /^(?:\d{1,5}(?:h|m|s|ms)){1,4}$/;

/** A length of time as the Gateway API writes one (GEP-2257): whole numbers of h, m, s and ms. */
export function checkGatewayDuration(text: string, path: Path): Findings {
  return refuse(
    path,
    DURATION.test(text)
      ? undefined
      : `"${text}" has to be of up to four whole numbers with h, m, s or ms behind each, such as 1m30s`,
  );
}
