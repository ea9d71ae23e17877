/** What a stock Envoy lacks of CEL. It refuses a listener with an expression that it cannot evaluate, whatever it is for. */
import { memberOf } from "../../../base/member-of.js";
import { syntaxProblem } from "../value/regular-expressions.js";
import { type CelCall, type CelExpression, readCel } from "./cel.js";
import { textOf } from "./cel-tokens.js";

/** Functions by their names, with how many arguments they have. */
type Functions = Readonly<Record<string, readonly number[]>>;

const ONE_ARGUMENT = ["size", "type", "dyn", "int", "uint", "double", "bytes", "bool"];
const OF_TEXTS = ["matches", "contains", "startsWith", "endsWith"];
const OF_TIMES = [
  "getDate",
  "getDayOfMonth",
  "getDayOfWeek",
  "getDayOfYear",
  "getFullYear",
  "getHours",
  "getMilliseconds",
  "getMinutes",
  "getMonth",
  "getSeconds",
];

const withArguments = (names: readonly string[], ...counts: readonly number[]): Functions =>
  Object.fromEntries(names.map((name) => [name, counts]));

/** As Envoy 1.40 was seen to take them. `has` is CEL's own. */
const FUNCTIONS: Functions = {
  ...withArguments([...ONE_ARGUMENT, "timestamp", "duration", "has"], 1),
  ...withArguments(OF_TEXTS, 2),
};
const METHODS: Functions = {
  size: [0],
  ...withArguments(OF_TEXTS, 1),
  ...withArguments(OF_TIMES, 0, 1),
};

/** How much of an expression can be within one another. */
const HIGHEST = 32;
const DEEPEST_NESTING = 33;

/** Why a stock Envoy takes no such expression: it is none, or has what Envoy's evaluation has not. */
export function envoyCelProblem(text: string): string | undefined {
  const read = readCel(text);
  return typeof read === "string" ? read : lacking(read);
}

function lacking({ calls, makesMessages, height, nesting }: CelExpression): string | undefined {
  for (const call of calls) {
    const problem = callProblem(call);
    if (problem !== undefined) return problem;
  }
  if (makesMessages) return "Envoy makes no messages, such as Name{}";
  if (height > HIGHEST || nesting > DEEPEST_NESTING) {
    return `more than ${HIGHEST} operators, calls or parentheses are within one another`;
  }
  return undefined;
}

function callProblem({ name, isMethod, given }: CelCall): string | undefined {
  const functions = isMethod ? METHODS : FUNCTIONS;
  const counts = memberOf(functions, name);
  if (counts?.includes(given.length) !== true) {
    const what = isMethod ? `.${name}()` : `${name}()`;
    return `Envoy has no function ${what} with ${given.length} arguments`;
  }
  const pattern = name === "matches" ? given.at(-1) : undefined;
  const expression = pattern === undefined ? undefined : textOf(pattern);
  return expression === undefined ? undefined : syntaxProblem(expression);
}
