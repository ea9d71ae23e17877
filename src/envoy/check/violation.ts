/** Something in a message that Envoy would refuse. */
export interface Violation {
  /** Where, by the names of Envoy's API: `virtual_hosts[0].routes[1].match.safe_regex.regex`; empty for the message itself. */
  readonly path: string;
  /** What is wrong there, to be read behind what is there: `must be greater than 0s`. */
  readonly problem: string;
  /** What is there, as text. Absent when there is nothing, when it is no single value, and when it may not be shown. */
  readonly found?: string;
}

/** Receives what a check finds. */
export type Report = (violation: Violation) => void;

/**
 * The path of a field in a message, the last step first, so that it costs nothing where nothing is wrong. A step is a field, an
 * index of a list, or a key of a map.
 */
export interface FieldPath {
  readonly around: FieldPath | undefined;
  readonly step: string | number | { readonly key: string };
}

/** A path as Envoy's API writes it; empty for the message itself. */
export function pathOf(path: FieldPath | undefined): string {
  if (path === undefined) return "";
  const { around, step } = path;
  const before = pathOf(around);
  if (typeof step === "number") return `${before}[${step}]`;
  if (typeof step === "object") return `${before}[${JSON.stringify(step.key)}]`;
  return before === "" || step === "" ? `${before}${step}` : `${before}.${step}`;
}

const LONGEST_FOUND = 100;

/** A violation as people read it: `connect_timeout: "-1s" must be greater than 0s`. */
export function formatViolation({ path, problem, found }: Violation): string {
  const where = path === "" ? "" : `${path}: `;
  if (found === undefined) return `${where}${problem}`;
  const shown = found.length > LONGEST_FOUND ? `${found.slice(0, LONGEST_FOUND)}…` : found;
  return `${where}${JSON.stringify(shown)} ${problem}`;
}
