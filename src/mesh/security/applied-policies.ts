/** The security policies that apply to a workload, found anew only for the workloads that an edit may concern. */
import type { Engine } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import type { PolicyTargets } from "../../config/kinds/value/selectors.js";
import type { ResourceOf } from "../../config/kinds.js";
import type { ConfigResource } from "../../config/resource.js";
import type { Labels } from "../labels.js";
import { isFor, type PolicySubject } from "../policy-targets.js";
import { comparePrecedence } from "../precedence.js";
import type { SecurityPolicies } from "./security-policies.js";

/** The policies of a workload; those of a namespace with the older ones first. */
export interface AppliedPolicies {
  /** Of the root namespace, then of its own. */
  readonly authorization: readonly ResourceOf<"AuthorizationPolicy">[];
  /**
   * Of its own namespace, then of the root: of rules for one issuer the first that takes a token says what becomes of it.
   * See Istio, AuthenticationPolicies.GetJwtPoliciesForWorkload.
   */
  readonly requestAuthentication: readonly ResourceOf<"RequestAuthentication">[];
}

type ByNamespace<Policy> = Table<Table<Policy>>;

/** Whose policies come first. */
type NamespaceOrder = "root-first" | "own-first";

/**
 * The policies of one kind for a workload. It is the same list for as long as it holds the same policies, so that an edit
 * of another policy concerns nobody who is built on it.
 */
function createSelection<Policy extends ConfigResource<PolicyTargets>>(
  engine: Engine,
  name: string,
  order: NamespaceOrder,
): (all: ByNamespace<Policy>, rootNamespace: string, subject: PolicySubject) => readonly Policy[] {
  const list = engine.memo(`${name} together`, (...policies: Policy[]) => policies);
  const textOf = engine.memo("labels", (labels: Labels) => JSON.stringify(labels));
  const select = engine.memo(
    `${name} of workloads`,
    (first: Table<Policy>, second: Table<Policy>, namespace: string, labels: string) => {
      const subject = { namespace, labels: JSON.parse(labels) as Labels };
      const tables = order === "root-first" ? [first, second] : [second, first];
      const chosen = tables.flatMap((table) =>
        [...table.values()].filter((policy) => isFor(policy, subject)).sort(comparePrecedence),
      );
      return list(...chosen);
    },
  );
  const none = Table.empty<Policy>();
  return (all, rootNamespace, { namespace, labels }) => {
    const root = all.get(rootNamespace);
    const own = namespace === rootNamespace ? undefined : all.get(namespace);
    // A table first, for what is remembered of its workloads goes with it.
    const first = root ?? own;
    if (first === undefined) return list();
    return select(first, first === root ? (own ?? none) : none, namespace, textOf(labels));
  };
}

/** The builder of what applies to workloads. */
export function createAppliedPolicies(
  engine: Engine,
): (all: SecurityPolicies, rootNamespace: string, subject: PolicySubject) => AppliedPolicies {
  const authorization = createSelection<ResourceOf<"AuthorizationPolicy">>(
    engine,
    "authorization policies",
    "root-first",
  );
  const requestAuthentication = createSelection<ResourceOf<"RequestAuthentication">>(
    engine,
    "request authentications",
    "own-first",
  );
  const applied = engine.memo(
    "applied policies",
    (
      policies: AppliedPolicies["authorization"],
      tokens: AppliedPolicies["requestAuthentication"],
    ): AppliedPolicies => ({ authorization: policies, requestAuthentication: tokens }),
  );
  return (all, rootNamespace, subject) =>
    applied(
      authorization(all.authorization, rootNamespace, subject),
      requestAuthentication(all.requestAuthentication, rootNamespace, subject),
    );
}
