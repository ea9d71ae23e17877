import { durationMs } from "../../duration.js";
import type { Path } from "../../kind.js";
import type { Percent } from "./fields.js";
import { type Findings, invalid, refuse } from "./findings.js";

/** A port that has to be one. */
export function checkPort(port: number, path: Path): Findings {
  const valid = port >= 1 && port <= 65535;
  return refuse(path, valid ? undefined : `port ${port} is out of range: 1 to 65535`);
}

/** A port, where 0 means that none is given. */
export function checkPortOrZero(port: number, path: Path): Findings {
  return port === 0 ? [] : checkPort(port, path);
}

/** A number that is 0 or more. */
export function checkNotNegative(value: number, path: Path): Findings {
  const name = String(path.at(-1));
  return refuse(path, value < 0 ? `${name} is ${value}: it has to be 0 or more` : undefined);
}

/** A percentage: 0 to 100. */
export function checkPercent(value: number, path: Path): Findings {
  const valid = value >= 0 && value <= 100;
  return refuse(path, valid ? undefined : `${value} is no percentage: 0 to 100`);
}

/** A percentage as Envoy takes one for a part of the requests: 0, or 0.0001 to 100. */
export function* checkFraction(percent: Percent, path: Path): Findings {
  const value = percent.value ?? 0;
  yield* checkPercent(value, [...path, "value"]);
  if (value > 0 && value < 0.0001) {
    yield invalid(
      [...path, "value"],
      `${value} is too small: a percentage is 0 or at least 0.0001`,
    );
  }
}

/** The status of an answer: 200 to 599, and 600, which Istio takes too. */
export function checkHttpStatus(status: number, path: Path): Findings {
  const valid = status >= 200 && status <= 600;
  return refuse(path, valid ? undefined : `${status} is no status of an answer: 200 to 599`);
}

/** A length of time that Envoy can keep: whole milliseconds, at least one. */
export function* checkDuration(text: string, path: Path): Findings {
  const ms = durationMs(text);
  if (ms === undefined) return;
  if (ms < 1) yield invalid(path, `${text} is too short: at least 1ms`);
  // Fractions of milliseconds come out of decimal fractions, which are not exact.
  else if (Math.abs(ms - Math.round(ms)) > 1e-7) {
    yield invalid(path, `${text} is too precise: whole milliseconds only`);
  }
}

/** A length of time where 0 switches off what it limits. */
export function checkDurationOrZero(text: string, path: Path): Findings {
  return durationMs(text) === 0 ? [] : checkDuration(text, path);
}
