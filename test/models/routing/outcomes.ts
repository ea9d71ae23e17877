/** What of a verdict those see who make the request, and who answer it. */
import type { HeaderValues, Share, Verdict } from "./verdict.js";

/** How a request ends. */
export interface Outcome {
  readonly status: number;
  readonly location?: string;
  /** Who answered, and what was sent there. */
  readonly by?: string;
  readonly path?: string;
  readonly authority?: string;
  readonly headers?: HeaderValues;
  readonly answerHeaders?: HeaderValues;
}

type Forwarded = Extract<Verdict, { is: "forwarded" }>;

const OK = 200;
const BLOCKED = 502;
const UNAVAILABLE = 503;

export const sorted = (headers: HeaderValues): HeaderValues =>
  Object.fromEntries(Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1)));

/** The applications of the worlds fail as often as they are asked to. See src/up/echo/echo-controls.ts. */
function statusOf({ path, hides }: Forwarded): number {
  const failures = Number(/[?&]fail=(\d+)/.exec(path)?.[1] ?? 0);
  return failures > hides ? UNAVAILABLE : OK;
}

/** Nothing of an answer without any of them. */
export const toldIn = (answerHeaders: HeaderValues): Pick<Outcome, "answerHeaders"> =>
  Object.keys(answerHeaders).length === 0 ? {} : { answerHeaders: sorted(answerHeaders) };

function ofShare(
  verdict: Forwarded,
  { target, authority, headers, answerHeaders }: Share,
): readonly Outcome[] {
  const workloads = target?.workloads ?? [];
  if (workloads.length === 0) return [{ status: UNAVAILABLE, ...toldIn(answerHeaders({})) }];
  return workloads.map((by) => ({
    status: statusOf(verdict),
    by,
    path: verdict.path,
    authority,
    headers: sorted(headers),
    answerHeaders: sorted(answerHeaders({ "x-echo-pod": by.split(".")[0] ?? "" })),
  }));
}

/** The ends that a request may have; none of one that goes to nobody whom the mesh knows. */
export function outcomesOf(verdict: Verdict): readonly Outcome[] {
  switch (verdict.is) {
    case "passed through":
      return [];
    case "blocked":
      return [{ status: BLOCKED }];
    case "answered":
      return [{ status: verdict.status, ...toldIn(verdict.answerHeaders) }];
    case "redirected": {
      const { status, location, answerHeaders } = verdict;
      return [{ status, location, ...toldIn(answerHeaders) }];
    }
    case "forwarded":
      return verdict.shares.flatMap((one) => ofShare(verdict, one));
  }
}
