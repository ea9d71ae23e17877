import type { Path } from "../../kind.js";
import { headerNameProblem } from "../format/http-headers.js";
import { oneOf, optional, strict, Text, textUpTo, type ValueOf } from "../value/fields.js";
import { type Findings, given, invalid, refuse } from "../value/findings.js";
import { notApplied } from "../value/unapplied.js";
import { checkGatewayDuration } from "./numbers.js";

/** That a client stays with the endpoint that answered it first, and by what it says which that was. */
export type SessionPersistence = ValueOf<typeof SessionPersistence>;
export const SessionPersistence = strict({
  /** Of the cookie or header; one that no other rule has when absent. */
  sessionName: optional(textUpTo(128)),
  absoluteTimeout: optional(Text),
  idleTimeout: optional(Text),
  /** Cookie when absent. */
  type: optional(oneOf("Cookie", "Header")),
  /** Session when it does not say. */
  cookieConfig: optional(strict({ lifetimeType: optional(oneOf("Permanent", "Session")) })),
});

/** A rule, as far as sessions depend on it. */
interface Rule {
  readonly sessionPersistence?: SessionPersistence;
  readonly backendRefs?: readonly { readonly weight?: number }[];
  readonly matches?: readonly { readonly headers?: readonly { readonly name: string }[] }[];
}

/** Sessions that there can be, and warnings of what of them is not kept. */
export function* checkSessions({ sessionPersistence, ...rule }: Rule, rulePath: Path): Findings {
  if (sessionPersistence === undefined) return;
  const path = [...rulePath, "sessionPersistence"];
  const { sessionName, absoluteTimeout, idleTimeout, type, cookieConfig } = sessionPersistence;
  const isPermanent = cookieConfig?.lifetimeType === "Permanent";
  yield* given(sessionName, [...path, "sessionName"], (name, at) =>
    refuse(at, headerNameProblem(name)),
  );
  yield* given(absoluteTimeout, [...path, "absoluteTimeout"], checkGatewayDuration);
  yield* given(idleTimeout, [...path, "idleTimeout"], checkGatewayDuration);
  if (isPermanent && absoluteTimeout === undefined) {
    yield invalid([...path, "absoluteTimeout"], "a permanent cookie needs its absoluteTimeout");
  }
  if (cookieConfig !== undefined && type === "Header") {
    yield invalid([...path, "cookieConfig"], "a session by a header has no cookie");
  }
  if (idleTimeout !== undefined) yield notApplied([...path, "idleTimeout"], "idleTimeout");
  if (absoluteTimeout !== undefined && !isPermanent) {
    const what = "absoluteTimeout of what is no permanent cookie";
    yield notApplied([...path, "absoluteTimeout"], what);
  }
  yield* checkShared(rule, type, path);
}

/** To which of several backends a client went says a cookie, which one header cannot, nor one beside matches of others. */
function* checkShared(
  { backendRefs = [], matches = [] }: Omit<Rule, "sessionPersistence">,
  type: SessionPersistence["type"],
  path: Path,
): Findings {
  const takesCookies = matches.some(({ headers = [] }) =>
    headers.some(({ name }) => name.toLowerCase() === "cookie"),
  );
  const isShared = backendRefs.filter(({ weight = 1 }) => weight > 0).length > 1;
  if (!isShared || (type !== "Header" && !takesCookies)) return;
  const why = type === "Header" ? "by a header" : "with matches of cookies";
  yield notApplied(path, `sessionPersistence ${why} of a rule with several backends`);
}
