import Type from "typebox";
import { formatDiagnostic } from "../../src/base/diagnostic.js";
import { patchCheckFor } from "../../src/cli/input/patch-check.js";
import { validateSource } from "../../src/config/validate-source.js";
import { defineSuite } from "./suite.js";

/** Resources that Istio accepts or refuses. Only the verdict counts; the texts are ours. */
export const validation = defineSuite(
  "validation",
  Type.Object({ yaml: Type.String(), valid: Type.Boolean() }),
  async ({ yaml, valid }) => {
    const source = { type: "text", path: "case.yaml", root: "", text: yaml } as const;
    const found = validateSource(source, await patchCheckFor([source]));
    const errors = found.filter(({ severity }) => severity === "error");
    const isValid = errors.length === 0;
    return {
      passed: isValid === valid,
      got: isValid ? "valid" : errors.map(formatDiagnostic).join("\n"),
      expected: `${valid ? "valid" : "invalid"}, for\n${yaml.trimEnd()}`,
    };
  },
);
