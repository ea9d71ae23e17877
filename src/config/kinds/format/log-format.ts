import { unknownInLog } from "./format-commands.js";
import { formatProblem } from "./format-problem.js";

/** Why a text is no format of a log; to be read by itself. */
export function logFormatProblem(text: string): string | undefined {
  const problem = formatProblem(text);
  return problem === undefined ? unknownInLog(text) : `the format ${problem}`;
}

/** The same of a log of JSON: of the first of its texts, however deep, that is no format. */
export function jsonFormatProblem(value: unknown): string | undefined {
  if (typeof value === "string") return logFormatProblem(value);
  if (typeof value !== "object" || value === null) return undefined;
  return Object.values(value)
    .map(jsonFormatProblem)
    .find((problem) => problem !== undefined);
}

/** The fields of a log of JSON that is written as text, as the mesh's is; undefined when it is no JSON object. */
export function jsonFields(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
