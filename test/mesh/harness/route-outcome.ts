/** What became of a request, in the words of the models of routing. */
import { type Outcome, sorted, toldIn } from "../../models/routing/outcomes.js";
import { type Answer, echoOf } from "./requests.js";

/** The headers of requests that routes of the worlds are about. */
const OF_ROUTES = /^(x-(one|two|three|set|to)|accept-language|user-agent|referer)$/;

/** Whether it is one of the headers of requests that routes of the worlds are about. */
export const isOfRoutes = (name: string): boolean => OF_ROUTES.test(name);

/** Of an answer those of its headers that are named. */
const headersOf = (
  { headers }: Answer,
  names: readonly string[],
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    names.flatMap((name) =>
      headers[name] === undefined
        ? []
        : [[name, String(headers[name]).replaceAll(", ", ",")] as const],
    ),
  );

/** What an answer tells, and of its headers these; of one that a proxy gives by itself others. */
export function outcomeOf(
  answer: Answer,
  answerHeaders: readonly string[],
  ofProxies: readonly string[] = answerHeaders,
): Outcome {
  const { status, headers, body } = answer;
  const { location } = headers;
  if (!body.startsWith("{")) {
    const told = toldIn(headersOf(answer, ofProxies));
    return { status, ...(location === undefined ? {} : { location }), ...told };
  }
  const { pod, namespace, path, authority, headers: sent } = echoOf(answer);
  return {
    status,
    by: `${pod}.${namespace}`,
    path,
    authority,
    // What is added is a line of its own, which Node joins to that before with a blank.
    headers: sorted(
      Object.fromEntries(
        Object.entries(sent)
          .filter(([name]) => isOfRoutes(name))
          .map(([name, value]) => [name, value.replaceAll(", ", ",")]),
      ),
    ),
    answerHeaders: sorted(headersOf(answer, answerHeaders)),
  };
}
