import Type from "typebox";
import type { Finding } from "../../src/config/kind.js";
import { readSection } from "../../src/config/reading/section.js";
import { defineSuite } from "./suite.js";

/** Resources that Istio accepts or refuses. Only the verdict counts; the texts are ours. */
export const validation = defineSuite(
  "validation",
  Type.Object({ yaml: Type.String(), valid: Type.Boolean() }),
  ({ yaml, valid }) => {
    const errors = errorsOf(yaml);
    const isValid = errors.length === 0;
    return {
      passed: isValid === valid,
      got: isValid ? "valid" : `invalid: ${errors.join("\n")}`,
      expected: `${valid ? "valid" : "invalid"}, for\n${yaml.trimEnd()}`,
    };
  },
);

/** Why a text is refused; nothing when it is not. */
function errorsOf(yaml: string): readonly string[] {
  const { error, problems, items } = readSection(yaml);
  const findings: readonly Finding[] = [
    ...problems.map(({ finding }) => finding),
    ...items.flatMap((item) => item.findings),
  ];
  return [
    ...(error === undefined ? [] : [error.message]),
    ...findings
      .filter(({ severity = "error" }) => severity === "error")
      .map(({ message }) => message),
  ];
}
