import type { Path } from "../../kind.js";
import { isDnsLabel } from "./dns-names.js";
import type { TextMap } from "./fields.js";
import { eachMember, type Findings, refuse } from "./findings.js";

const NAME = /^[a-z0-9]([-\w.]{0,61}[a-z0-9])?$/i;
const LONGEST_DOMAIN = 253;

/** Labels as Kubernetes has them: `[domain/]name` to a value, both of at most 63 letters, digits, `-`, `_` and `.`. */
export function checkLabels(labels: TextMap, path: Path): Findings {
  return eachMember(labels, path, function* (value, at, name) {
    yield* refuse(at, keyProblem(name));
    const valid = value === "" || NAME.test(value);
    yield* refuse(at, valid ? undefined : `"${value}" is no value of a label`);
  });
}

/** Labels that a selector asks for: no wildcards, because they are compared as they are. */
export function checkSelectorLabels(labels: TextMap, path: Path): Findings {
  return eachMember(labels, path, function* (value, at, name) {
    yield* refuse(at, name === "" ? "a selector cannot have an empty label name" : undefined);
    const wildcard = name.includes("*") || value.includes("*");
    yield* refuse(at, wildcard ? `a selector has no wildcards, found ${name}=${value}` : undefined);
    const tooLong = value.length > 63;
    yield* refuse(
      at,
      tooLong ? `"${value}" is no value of a label: at most 63 characters` : undefined,
    );
  });
}

function keyProblem(key: string): string | undefined {
  const slash = key.lastIndexOf("/");
  const domain = slash < 0 ? undefined : key.slice(0, slash);
  const valid =
    NAME.test(key.slice(slash + 1)) &&
    (domain === undefined ||
      (domain.length <= LONGEST_DOMAIN && domain.split(".").every(isDnsLabel)));
  return valid ? undefined : `"${key}" is no name of a label`;
}
