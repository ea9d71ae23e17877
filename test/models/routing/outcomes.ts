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

const OK = 200;
const BLOCKED = 502;
const UNAVAILABLE = 503;

export const sorted = (headers: HeaderValues): HeaderValues =>
  Object.fromEntries(Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1)));

function ofShare(
  { path, authority }: { readonly path: string; readonly authority: string },
  { target, headers, answerHeaders }: Share,
): readonly Outcome[] {
  const workloads = target?.workloads ?? [];
  if (workloads.length === 0) return [{ status: UNAVAILABLE }];
  return workloads.map((by) => ({
    status: OK,
    by,
    path,
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
      return [{ status: verdict.status }];
    case "redirected":
      return [{ status: verdict.status, location: verdict.location }];
    case "forwarded":
      return verdict.shares.flatMap((one) => ofShare(verdict, one));
  }
}
