import type { AuthorizationRule } from "../../config/kinds/security/authorization-policy.js";
import type { PermissionJson, PolicyJson, PrincipalJson } from "../api.js";
import { type Attribute, type AttributeTest, attributeTest, conjunction } from "./attribute.js";
import { operationTests, PERMISSIONS, permissionAttribute } from "./permission.js";
import { PRINCIPALS, type PrincipalContext, principalAttribute, sourceTests } from "./principal.js";

/** What a rule becomes a policy for. */
export interface RuleContext extends PrincipalContext {
  /** Whether it is for connections, of which nothing is known that only HTTP has. */
  readonly tcp: boolean;
  /** Whether it lets requests through: then a rule that cannot be asked in full lets none through. */
  readonly allows: boolean;
}

/** A policy for no request: what a policy without rules comes to. */
export const MATCHES_NOTHING: PolicyJson = {
  permissions: [{ notRule: { any: true } }],
  principals: [{ notId: { any: true } }],
};

type Tests<Term> = readonly AttributeTest<Term>[];

/** What a rule asks: one of the alternatives of each side has to hold, in full. */
interface Asked {
  readonly principals: readonly Tests<PrincipalJson>[];
  readonly permissions: readonly Tests<PermissionJson>[];
}

/** The tests of each alternative beside those that all have; without any there is one alternative. */
function alternatives<One, Term>(
  all: readonly One[],
  testsOf: (one: One) => Tests<Term>,
  common: Tests<Term>,
): readonly Tests<Term>[] {
  return all.length === 0 ? [common] : all.map((one) => [...testsOf(one), ...common]);
}

function askedBy(
  { from = [], to = [], when = [] }: AuthorizationRule,
  context: RuleContext,
): Asked {
  const conditions = <Term>(attributeOf: (key: string) => Attribute<Term> | undefined) =>
    when.flatMap(({ key, values, notValues }) =>
      attributeTest(attributeOf(key), values, notValues),
    );
  return {
    principals: alternatives(
      from,
      ({ source = {} }) => sourceTests(source, context),
      conditions((key) => principalAttribute(key, context)),
    ),
    permissions: alternatives(
      to,
      ({ operation = {} }) => operationTests(operation, context.allows),
      conditions(permissionAttribute),
    ),
  };
}

/** Whether all that a rule asks can be answered. */
function isAnswerable(
  { when = [] }: AuthorizationRule,
  { principals, permissions }: Asked,
  context: RuleContext,
): boolean {
  const isKnown = (key: string): boolean =>
    principalAttribute(key, context) !== undefined || permissionAttribute(key) !== undefined;
  const tests: Tests<unknown> = [...principals.flat(), ...permissions.flat()];
  return (
    when.every(({ key }) => isKnown(key)) &&
    !(context.tcp && tests.some(({ attribute }) => attribute.httpOnly))
  );
}

/**
 * A rule as a policy of Envoy's RBAC. What cannot be answered (on connections of plain TCP what only HTTP has) is not
 * asked: a rule that denies or audits then does so more often, and one that allows is left out, undefined. See Istio,
 * pilot/pkg/security/authz/model.
 */
export function rbacPolicy(rule: AuthorizationRule, context: RuleContext): PolicyJson | undefined {
  const asked = askedBy(rule, context);
  if (context.allows && !isAnswerable(rule, asked, context)) return undefined;
  const answerable = <Term>(tests: Tests<Term>): Tests<Term> =>
    context.tcp ? tests.filter(({ attribute }) => !attribute.httpOnly) : tests;
  return {
    permissions: asked.permissions.map((tests) => conjunction(answerable(tests), PERMISSIONS)),
    principals: asked.principals.map((tests) => conjunction(answerable(tests), PRINCIPALS)),
  };
}
