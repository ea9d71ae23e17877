import { RE2JS, RE2JSException } from "re2js";

/** The longest regular expression that Istio passes on to Envoy, in bytes. */
const LONGEST = 1024;

/** Why a text is no regular expression that Istio passes on to Envoy: as `syntaxProblem`, and not too long. */
export function regexProblem(text: string): string | undefined {
  if (text === "") return "a regular expression cannot be empty";
  const length = Buffer.byteLength(text);
  if (length > LONGEST) {
    return `the regular expression is too long: ${length} bytes, at most ${LONGEST}`;
  }
  return syntaxProblem(text);
}

/** Why a text is no regular expression of RE2, which Envoy uses (it has no look-around and no back-references). */
export function syntaxProblem(text: string): string | undefined {
  try {
    RE2JS.compile(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return `"${text}" is no RE2 regular expression: ${error.message}`;
  }
}
