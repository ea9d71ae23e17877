/** Rules for tokens that name an issuer, and neither its keys nor where they are. */
import type { Table } from "../../base/table/table.js";
import type { Path } from "../../config/kind.js";
import type { JWTRule } from "../../config/kinds/security/request-authentication.js";
import type { ResourceOf } from "../../config/kinds.js";

/** The addresses of issuers' key sets, as the issuers tell them, by issuer. */
export type IssuerKeys = Table<string>;

/** A rule that leaves it to the issuer to say where its keys are. */
export interface RuleWithoutKeys {
  readonly issuer: string;
  /** Of the rule's issuer, in its resource. */
  readonly path: Path;
}

type Policy = ResourceOf<"RequestAuthentication">;

const hasKeys = ({ jwks = "", jwksUri = "", jwks_uri = "" }: JWTRule): boolean =>
  jwks + jwksUri + jwks_uri !== "";

/** Those of a policy. */
export function rulesWithoutKeys({ spec }: Policy): readonly RuleWithoutKeys[] {
  return (spec.jwtRules ?? []).flatMap((rule, i) =>
    hasKeys(rule) ? [] : [{ issuer: rule.issuer ?? "", path: ["spec", "jwtRules", i, "issuer"] }],
  );
}

/** A policy whose rules say where the keys are, as far as the issuers did; the same object when that changes none. */
export function withIssuerKeys(policy: Policy, addresses: IssuerKeys): Policy {
  const { jwtRules = [] } = policy.spec;
  const found = (rule: JWTRule): string | undefined =>
    hasKeys(rule) ? undefined : addresses.get(rule.issuer ?? "");
  if (!jwtRules.some((rule) => found(rule) !== undefined)) return policy;
  const rules = jwtRules.map((rule) => {
    const jwksUri = found(rule);
    return jwksUri === undefined ? rule : { ...rule, jwksUri };
  });
  return { ...policy, spec: { ...policy.spec, jwtRules: rules } };
}
