/** What became of a request, in the words of the models of routing. */
import { type Outcome, sorted } from "../../models/routing/outcomes.js";
import { type Answer, echoOf } from "./requests.js";

/** The headers of requests that routes of the worlds are about. */
const OF_ROUTES = /^x-(one|two|three|set|to)$/;

/** What an answer tells, and of its headers these. */
export function outcomeOf(answer: Answer, answerHeaders: readonly string[]): Outcome {
  const { status, headers, body } = answer;
  const { location } = headers;
  if (!body.startsWith("{")) return { status, ...(location === undefined ? {} : { location }) };
  const { pod, namespace, path, authority, headers: sent } = echoOf(answer);
  const ofAnswer = answerHeaders.flatMap((name) =>
    headers[name] === undefined ? [] : [[name, String(headers[name])]],
  );
  return {
    status,
    by: `${pod}.${namespace}`,
    path,
    authority,
    // What is added is a line of its own, which Node joins to that before with a blank.
    headers: sorted(
      Object.fromEntries(
        Object.entries(sent)
          .filter(([name]) => OF_ROUTES.test(name))
          .map(([name, value]) => [name, value.replaceAll(", ", ",")]),
      ),
    ),
    answerHeaders: Object.fromEntries(ofAnswer),
  };
}
