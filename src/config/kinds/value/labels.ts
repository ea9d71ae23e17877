import type { Path } from "../../kind.js";
import { isDnsLabel } from "./dns-names.js";
import type { TextMap } from "./fields.js";
import { doubtful, eachMember, type Findings, invalid, refuse } from "./findings.js";

const NAME = /^[a-z0-9]([-\w.]*[a-z0-9])?$/i;
const LONGEST_NAME = 63;
const LONGEST_DOMAIN = 253;

/**
 * Labels as Kubernetes has them: `[domain/]name` to a value, both of letters, digits, `-`, `_` and `.`, and at most 63 of
 * them. Istio takes a longer value, as machines outside of Kubernetes may have; see its labels.Instance.
 */
export function checkLabels(labels: TextMap, path: Path): Findings {
  return eachMember(labels, path, function* (value, at, name) {
    yield* refuse(at, keyProblem(name));
    if (value !== "" && !NAME.test(value)) yield invalid(at, `"${value}" is no value of a label`);
    else if (isTooLong(value)) yield doubtful(at, tooLong(value));
  });
}

const isTooLong = (text: string): boolean => text.length > LONGEST_NAME;

const tooLong = (value: string): string =>
  `"${value}" is longer than the value of a label in Kubernetes: at most ${LONGEST_NAME} characters`;

/** Labels that a selector asks for: no wildcards, because they are compared as they are. */
export function checkSelectorLabels(labels: TextMap, path: Path): Findings {
  return eachMember(labels, path, function* (value, at, name) {
    yield* refuse(at, name === "" ? "a selector cannot have an empty label name" : undefined);
    const wildcard = name.includes("*") || value.includes("*");
    yield* refuse(at, wildcard ? `a selector has no wildcards, found ${name}=${value}` : undefined);
    yield* refuse(at, isTooLong(value) ? tooLong(value) : undefined);
  });
}

function keyProblem(key: string): string | undefined {
  const slash = key.lastIndexOf("/");
  const domain = slash < 0 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  const valid =
    NAME.test(name) &&
    !isTooLong(name) &&
    (domain === undefined ||
      (domain.length <= LONGEST_DOMAIN && domain.split(".").every(isDnsLabel)));
  return valid ? undefined : `"${key}" is no name of a label`;
}
