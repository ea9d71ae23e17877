/** What of a verdict those see who make the request, and who answer it. */
import type { HttpRequest } from "../routing/objects.js";
import { type Outcome, sorted } from "../routing/outcomes.js";
import type { HeaderValues } from "../routing/verdict.js";
import type { Target } from "./backends.js";
import type { Verdict } from "./verdict.js";

const OK = 200;
const UNAVAILABLE = 503;

/** Of a connection that ends without an answer. */
export const CLOSED: Outcome = { status: 0 };

const answeredBy = (
  by: string,
  { path, authority, headers }: Pick<HttpRequest, "path" | "authority" | "headers">,
  answerHeaders: (own: HeaderValues) => HeaderValues,
): Outcome => ({
  status: OK,
  by,
  path,
  authority,
  headers: sorted(headers),
  answerHeaders: sorted(answerHeaders({ "x-echo-pod": by.split(".")[0] ?? "" })),
});

function ofTarget(
  target: Target | undefined,
  failures: { readonly missing: Outcome; readonly empty: Outcome },
  answered: (by: string) => Outcome,
): readonly Outcome[] {
  if (target === undefined) return [failures.missing];
  return target.workloads.length === 0 ? [failures.empty] : target.workloads.map(answered);
}

/** The ends that a request may have. */
export function outcomesOf(verdict: Verdict, request: HttpRequest): readonly Outcome[] {
  switch (verdict.is) {
    case "closed":
      return [CLOSED];
    case "answered":
      return [{ status: verdict.status }];
    case "redirected":
      return [{ status: verdict.status, location: verdict.location }];
    case "connected": {
      const failures = { missing: CLOSED, empty: CLOSED };
      return verdict.shares.flatMap(({ target }) =>
        ofTarget(target, failures, (by) => answeredBy(by, request, (own) => own)),
      );
    }
    case "forwarded": {
      const { path, authority, failure } = verdict;
      const failures = { missing: { status: failure }, empty: { status: UNAVAILABLE } };
      return verdict.shares.flatMap(({ target, headers, answerHeaders }) =>
        ofTarget(target, failures, (by) =>
          answeredBy(by, { path, authority, headers }, answerHeaders),
        ),
      );
    }
  }
}
