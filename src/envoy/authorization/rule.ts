import type { AuthorizationRule } from "../../config/kinds/security/authorization-policy.js";
import type { PermissionJson, PolicyJson, PrincipalJson } from "../api.js";
import { type Attribute, type AttributeTest, attributeTest, conjunction } from "./attribute.js";
import { operationTests, PERMISSIONS, permissionAttribute } from "./permission.js";
import { PRINCIPALS, type PrincipalContext, principalAttribute, sourceTests } from "./principal.js";

/** What decides how a rule is translated. */
export interface RuleContext extends PrincipalContext {
  /** The rule is for connections that are not HTTP, which lack the attributes that only HTTP requests have. */
  readonly tcp: boolean;
  /** The rule lets requests through: if one of its conditions cannot be tested, it is left out, and so lets none through. */
  readonly allows: boolean;
}

/** A policy that matches no request: that of an AuthorizationPolicy without rules. */
export const MATCHES_NOTHING: PolicyJson = {
  permissions: [{ notRule: { any: true } }],
  principals: [{ notId: { any: true } }],
};

type Tests<Term> = readonly AttributeTest<Term>[];

/** The conditions of a rule: of each side one of the alternatives has to hold, with all of its tests. */
interface Asked {
  readonly principals: readonly Tests<PrincipalJson>[];
  readonly permissions: readonly Tests<PermissionJson>[];
}

/** Adds to each alternative the tests that all of them have; where there is no alternative, these are the only one. */
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

/** Whether all conditions of a rule can be tested. */
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
 * A rule as a policy of Envoy's RBAC. Conditions that cannot be tested (on plain TCP, attributes that only HTTP has) are
 * dropped from a rule that denies or audits, which then matches more; a rule that allows is undefined, that is left out. See Istio,
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
