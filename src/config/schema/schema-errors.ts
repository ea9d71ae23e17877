import type { ErrorObject } from "ajv";
import { didYouMean } from "../../base/text/closest-word.js";
import { formatPath } from "../format-path.js";
import type { Finding, Path } from "../kind.js";
import { fieldHome } from "./field-home.js";

/**
 * One finding for each place of a value that its JSON schema found fault with; the paths begin with `root`. A value of
 * the wrong type is not quoted, because it may be a secret.
 */
export function describeSchemaErrors(
  errors: readonly ErrorObject[],
  value: unknown,
  root: Path,
  schema: object,
): Finding[] {
  const findings = new Map<string, Finding>();
  for (const error of errors) {
    const finding = describe(error, { schema, root, steps: stepsOf(error, value) });
    const place = JSON.stringify(finding.path);
    // The parts of a union complain first, each about itself; the union's own word is the one that counts, unless a value
    // is of the right type for one of them.
    const isUnion = error.keyword === "anyOf" && findings.get(place)?.code !== OUT_OF_RANGE;
    if (!findings.has(place) || isUnion) findings.set(place, finding);
  }
  return [...findings.values()];
}

const OUT_OF_RANGE = "out-of-range";

/** Where a fault is: the steps to it in the value that a schema is of, which is at the root. */
interface Place {
  readonly schema: object;
  readonly root: Path;
  readonly steps: Path;
}

function describe(error: ErrorObject, place: Place): Finding {
  const path = [...place.root, ...place.steps];
  const field = formatPath(path);
  switch (error.keyword) {
    case "additionalProperties":
      return unknownField(error, place, path);
    case "required":
      return missingField(error, path);
    case "type":
    case "anyOf":
      return {
        path,
        code: "wrong-type",
        message: `${field} has to be ${expectedType(error)}, found ${describeType(error.data)}${cure(error)}`,
      };
    case "enum":
      return unknownWord(error, path);
    case "format":
      return {
        path,
        code: "invalid-duration",
        message: `${field} has to be a duration such as 5s, 100ms or 1h30m, found ${describeValue(error.data)}`,
      };
    default:
      return {
        path,
        code: OUT_OF_RANGE,
        message: `${field} has to be ${expectedRange(error)}, found ${describeRange(error.data)}`,
      };
  }
}

function unknownField(error: ErrorObject, { schema, root, steps }: Place, path: Path): Finding {
  const { additionalProperty } = error.params as { additionalProperty: string };
  const known = Object.keys((error.parentSchema?.["properties"] as object | undefined) ?? {});
  const present = new Set(Object.keys(error.data as object));
  const near = didYouMean(
    additionalProperty,
    known.filter((name) => !present.has(name)),
  );
  const guess = near === "" ? fieldHome(additionalProperty, schema, steps, root) : near;
  return {
    path: [...path, additionalProperty],
    code: "unknown-field",
    message: `unknown field "${additionalProperty}" in ${formatPath(path)}${guess}`,
  };
}

function missingField(error: ErrorObject, path: Path): Finding {
  const { missingProperty } = error.params as { missingProperty: string };
  return {
    path: [...path, missingProperty],
    code: "missing-field",
    message: `${formatPath(path)} has no field "${missingProperty}", which is required`,
  };
}

/** What some of Istio's enums begin with stands for nothing. */
const NO_WORD = "INVALID";

function unknownWord(error: ErrorObject, path: Path): Finding {
  const { allowedValues: words } = error.params as { allowedValues: readonly string[] };
  const allowedValues = words.filter((word) => word !== NO_WORD);
  const guess = typeof error.data === "string" ? didYouMean(error.data, allowedValues) : "";
  return {
    path,
    code: "unknown-value",
    message: `${formatPath(path)} has to be one of ${allowedValues.join(", ")}, found ${describeValue(error.data)}${guess}`,
  };
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  integer: "a whole number",
  number: "a number",
  object: "a map of names to values",
  string: "text",
};

function expectedType(error: ErrorObject): string {
  if (error.keyword === "anyOf") {
    const types = (error.schema as readonly { type?: string }[]).map(({ type }) => type ?? "");
    return types.map((type) => TYPE_WORDS[type] ?? type).join(" or ");
  }
  if (error.parentSchema?.["format"] === "duration") return "a duration such as 5s or 100ms";
  const { type } = error.params as { type: string };
  return TYPE_WORDS[type] ?? type;
}

/** What would make a value that was read as another type the one that was meant. */
function cure(error: ErrorObject): string {
  if (error.keyword !== "type") return "";
  const { data } = error as { data?: unknown };
  switch ((error.params as { type: string }).type) {
    case "string": {
      const isScalar = typeof data === "boolean" || typeof data === "number";
      const isDuration = error.parentSchema?.["format"] === "duration";
      return isScalar && !isDuration ? ": put it in quotes" : "";
    }
    case "integer":
    case "number":
      return typeof data === "string" && /^\d+$/.test(data) ? ": leave out the quotes" : "";
    case "object":
      return typeof data === "string" && /^[\w-]+:\S/.test(data)
        ? ": a colon needs a space behind it"
        : "";
    default:
      return "";
  }
}

function expectedRange(error: ErrorObject): string {
  const { limit } = error.params as { limit?: number };
  switch (error.keyword) {
    case "minimum":
      return `at least ${String(limit)}`;
    case "maximum":
      return `at most ${String(limit)}`;
    case "minItems":
      return `a list of at least ${String(limit)}`;
    case "maxItems":
      return `a list of at most ${String(limit)}`;
    case "minLength":
      return "a text that is not empty";
    case "maxLength":
      return `a text of at most ${String(limit)} characters`;
    case "maxProperties":
      return `a map of at most ${String(limit)}`;
    default:
      return `such that it ${error.message ?? "fits"}`;
  }
}

function describeRange(value: unknown): string {
  if (typeof value === "object" && value !== null) return String(Object.keys(value).length);
  return describeValue(value);
}

function describeType(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  if (typeof value === "boolean") return "true or false";
  return typeof value === "number" ? "a number" : "text";
}

function describeValue(value: unknown): string {
  if (typeof value === "number") return String(value);
  return typeof value === "string" ? JSON.stringify(shortened(value)) : describeType(value);
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** The place that an error is about; `/8080` is an index in a list and a name in a map. */
function stepsOf(error: ErrorObject, value: unknown): Path {
  const path: (string | number)[] = [];
  let container = value;
  for (const escaped of error.instancePath.split("/").slice(1)) {
    const name = escaped.replaceAll("~1", "/").replaceAll("~0", "~");
    path.push(Array.isArray(container) ? Number(name) : name);
    container = (container as Readonly<Record<string, unknown>>)[name];
  }
  return path;
}
