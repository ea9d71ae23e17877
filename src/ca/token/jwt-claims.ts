/**
 * Says which claims of an issuer's tokens name a workload, where its subjects are of no form that is known here. Claims are taken
 * as they are: no part of one is looked for, so that whoever chooses what is in one claim says nothing about another.
 */
import type { JWTPayload } from "jose";
import { memberOf } from "../../base/member-of.js";
import { parseSpiffeId, type WorkloadIdentity } from "../spiffe-id.js";

/** What a part of an identity is: the text of a claim, or the same for all tokens. */
export type ClaimSource = { readonly claim: string } | { readonly value: string };

/** See the top of this file. */
export interface WorkloadClaims {
  readonly namespace: ClaimSource;
  readonly serviceAccount: ClaimSource;
  /** Claims that have to be there, with one of these texts each. */
  readonly where?: Readonly<Record<string, readonly string[]>>;
}

/** The workload that a token is for, or what keeps it from being for one. */
export type ClaimedWorkload = WorkloadIdentity | { readonly unmet: string };

/** Who a token is for by its claims. */
export function claimedWorkload(
  payload: JWTPayload,
  { namespace, serviceAccount, where = {} }: WorkloadClaims,
  trustDomain: string,
): ClaimedWorkload {
  const unmet = Object.entries(where).find(
    ([claim, texts]) => !texts.includes(textOf(payload, { claim }) ?? ""),
  );
  if (unmet !== undefined) return { unmet: `its claim ${unmet[0]} is not one of those asked for` };
  const parts = [textOf(payload, namespace), textOf(payload, serviceAccount)];
  const [ns = "", sa = ""] = parts;
  // What is no name in it, such as a path, makes it none.
  const identity = parseSpiffeId(`spiffe://${trustDomain}/ns/${ns}/sa/${sa}`);
  return identity ?? { unmet: "its claims name no namespace and service account" };
}

function textOf(payload: JWTPayload, source: ClaimSource): string | undefined {
  if ("value" in source) return source.value;
  const claim = memberOf(payload, source.claim);
  return typeof claim === "string" && claim !== "" ? claim : undefined;
}
