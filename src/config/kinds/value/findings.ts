import type { Finding, Path } from "../../kind.js";

/** What a check found, in the order of the fields. */
export type Findings = Iterable<Finding>;

/** Checks one value; `path` leads from the root of the resource to it. */
export type Check<T> = (value: T, path: Path) => Findings;

/** What Istio's validation refuses: its SchemaValidationError. */
export function invalid(path: Path, message: string): Finding {
  return { path, code: "IST0106", message };
}

/** What Istio's validation takes with a warning: its SchemaWarning. */
export function doubtful(path: Path, message: string): Finding {
  return { path, code: "IST0133", message, severity: "warning" };
}

/** The same as warnings: of what Istio takes without a word, though it does nothing. */
export function* tolerate(findings: Findings): Findings {
  for (const { path, message } of findings) yield doubtful(path, message);
}

/** An `invalid` finding when there is a problem, none when there is none. */
export function refuse(path: Path, problem: string | undefined): Findings {
  return problem === undefined ? [] : [invalid(path, problem)];
}

/** Checks a field that may be absent. */
export function given<T>(value: T | undefined, path: Path, check: Check<T>): Findings {
  return value === undefined ? [] : check(value, path);
}

/** Checks every item of a list that may be absent. */
export function* each<T>(items: readonly T[] | undefined, path: Path, check: Check<T>): Findings {
  for (const [index, item] of (items ?? []).entries()) yield* check(item, [...path, index]);
}

/** Checks every member of a map that may be absent; the last step of a member's path is its name. */
export function* eachMember<T>(
  members: Readonly<Record<string, T>> | undefined,
  path: Path,
  check: (value: T, path: Path, name: string) => Findings,
): Findings {
  for (const [name, value] of Object.entries(members ?? {})) {
    yield* check(value, [...path, name], name);
  }
}

/** Refuses all but the first of the fields that exclude each other (a protobuf oneof). */
export function* atMostOne(value: object, path: Path, names: readonly string[]): Findings {
  const [first, ...others] = names.filter((name) => name in value);
  for (const name of others) {
    yield invalid(
      [...path, name],
      `${name} excludes ${first ?? ""}: give one of ${names.join(", ")}`,
    );
  }
}

/** Refuses what appears a second time; `what` is what the items are called. */
export function* unique(
  items: readonly (string | number)[],
  pathOf: (index: number) => Path,
  what: string,
): Findings {
  const seen = new Set<string | number>();
  for (const [index, item] of items.entries()) {
    if (seen.has(item)) yield invalid(pathOf(index), `duplicate ${what} ${JSON.stringify(item)}`);
    seen.add(item);
  }
}
