import Type from "typebox";
import type { Finding, KindDefinition, Path } from "../../kind.js";
import type { ConfigResource } from "../../resource.js";
import { checkInternalAnnotations, DRY_RUN } from "../istio-resource.js";
import { list, oneOf, optional, strict, Text, type ValueOf } from "../value/fields.js";
import { doubtful, each, type Findings, invalid } from "../value/findings.js";
import {
  checkPolicyTargets,
  PolicySelector,
  PolicyTargetReference,
  PolicyTargetReferences,
  readableTargets,
} from "../value/selectors.js";
import { AuthorizationCondition, checkCondition } from "./authorization-condition.js";
import {
  AuthorizationOperation,
  AuthorizationSource,
  checkOperation,
  checkSource,
  HTTP_ONLY_SOURCES,
} from "./authorization-fields.js";

const From = strict({ source: optional(AuthorizationSource) });
const To = strict({ operation: optional(AuthorizationOperation) });

/** One of `from`, one of `to` and all of `when` hold; an empty rule holds always. */
export type AuthorizationRule = ValueOf<typeof AuthorizationRule>;
const AuthorizationRule = strict({
  from: optional(Type.Array(From, { maxItems: 512 })),
  to: optional(list(To)),
  when: optional(list(AuthorizationCondition)),
});

/** Which requests to some workloads are allowed, denied, audited or decided by another service. */
export type AuthorizationPolicySpec = ValueOf<typeof AuthorizationPolicySpec>;
export const AuthorizationPolicySpec = strict({
  selector: optional(PolicySelector),
  targetRef: optional(PolicyTargetReference),
  targetRefs: optional(PolicyTargetReferences),
  rules: optional(Type.Array(AuthorizationRule, { maxItems: 512 })),
  /** ALLOW when absent. */
  action: optional(oneOf("ALLOW", "DENY", "AUDIT", "CUSTOM")),
  provider: optional(strict({ name: optional(Text) })),
});

/** Istio's AuthorizationPolicy. */
export const authorizationPolicy = {
  kind: "AuthorizationPolicy",
  group: "security.istio.io",
  versions: ["v1", "v1beta1"],
  shortNames: ["ap"],
  body: "spec",
  schema: AuthorizationPolicySpec,
  whenWrong: {
    spec: denyEverything,
    effect: "it denies every request to the workloads that it is for",
  },
  check: (resource: ConfigResource<AuthorizationPolicySpec>): readonly Finding[] => [
    ...checkDryRun(resource),
    ...checkInternalAnnotations(resource),
    ...checkAuthorizationPolicy(resource),
  ],
} as const satisfies KindDefinition<AuthorizationPolicySpec>;

/**
 * A policy with errors denies rather than allows: everything, to the workloads that it selects, or to all of its namespace
 * when that cannot be read. An audit denies nothing.
 */
function denyEverything({ spec }: ConfigResource): AuthorizationPolicySpec | undefined {
  const { action }: Readonly<Record<string, unknown>> =
    typeof spec === "object" && spec !== null ? { ...spec } : {};
  return action === "AUDIT" ? undefined : { ...readableTargets(spec), action: "DENY", rules: [{}] };
}

function* checkDryRun(resource: ConfigResource<AuthorizationPolicySpec>): Findings {
  const value = resource.metadata.annotations[DRY_RUN];
  if (value === undefined) return;
  const path = ["metadata", "annotations", DRY_RUN];
  const { action = "ALLOW" } = resource.spec;
  if (action !== "ALLOW" && action !== "DENY") {
    yield invalid(path, `a dry run is for the actions ALLOW and DENY, found ${action}`);
  }
  if (!/^(1|0|t|f|T|F|true|false|True|False|TRUE|FALSE)$/.test(value)) {
    yield invalid(path, `"${value}" is neither true nor false`);
  }
}

function* checkAuthorizationPolicy({ spec }: ConfigResource<AuthorizationPolicySpec>): Findings {
  const { rules = [], action = "ALLOW" } = spec;
  yield* checkPolicyTargets(spec, ["spec"]);
  yield* checkProvider(spec);
  if (rules.length === 0 && (action === "DENY" || action === "CUSTOM")) {
    const all = "an empty rule, {}, is for every request";
    yield invalid(["spec", "rules"], `${action} without rules is for no request: ${all}`);
  }
  yield* each(rules, ["spec", "rules"], function* (rule, at) {
    yield* checkRule(rule, at);
    if (action === "CUSTOM") yield* checkCustomRule(rule, at);
    if (action === "DENY" && deniesAllTcp(rule)) {
      yield doubtful(
        at,
        "TCP has none of these attributes, so this denies all of it: give ports too",
      );
    }
  });
}

function* checkProvider({ action = "ALLOW", provider }: AuthorizationPolicySpec): Findings {
  if (action !== "CUSTOM") {
    if (provider !== undefined) {
      yield invalid(["spec", "provider"], `provider is for the action CUSTOM, found ${action}`);
    }
  } else if ((provider?.name ?? "") === "") {
    yield invalid(["spec", "provider", "name"], "the action CUSTOM needs the name of a provider");
  }
}

function* checkRule(rule: AuthorizationRule, path: Path): Findings {
  if (rule.from?.length === 0)
    yield invalid([...path, "from"], "from is empty: leave it out for all");
  yield* each(rule.from, [...path, "from"], function* ({ source }, at) {
    if (source === undefined) yield invalid([...at, "source"], "a part of from needs a source");
    else yield* checkSource(source, [...at, "source"]);
  });
  if (rule.to?.length === 0) yield invalid([...path, "to"], "to is empty: leave it out for all");
  yield* each(rule.to, [...path, "to"], function* ({ operation }, at) {
    if (operation === undefined)
      yield invalid([...at, "operation"], "a part of to needs an operation");
    else yield* checkOperation(operation, [...at, "operation"]);
  });
  yield* each(rule.when, [...path, "when"], checkCondition);
}

/** What a proxy would have to know before the provider is asked, it cannot ask about. */
function* checkCustomRule(rule: AuthorizationRule, path: Path): Findings {
  yield* each(rule.from, [...path, "from"], function* ({ source = {} }, at) {
    for (const field of Object.keys(source)) {
      if (/(principals|namespaces|serviceAccounts|trustDomains)$/i.test(field)) {
        yield invalid([...at, "source", field], `${field} cannot be asked with the action CUSTOM`);
      }
    }
  });
  yield* each(rule.when, [...path, "when"], function* ({ key }, at) {
    if (/^(source\.(namespace|serviceAccount|trustDomain|principal)$|request\.auth\.)/.test(key)) {
      yield invalid([...at, "key"], `${key} cannot be asked with the action CUSTOM`);
    }
  });
}

/** Whether a rule asks for attributes of HTTP only, which a proxy leaves out of what it denies of TCP. */
function deniesAllTcp({ from = [], to = [] }: AuthorizationRule): boolean {
  const tcpSource = from.some(({ source = {} }) =>
    Object.keys(source).some((field) => !HTTP_ONLY_SOURCES.includes(field)),
  );
  const tcpOperation = to.some(
    ({ operation }) => operation?.ports !== undefined || operation?.notPorts !== undefined,
  );
  return to.length > 0 ? !tcpOperation : from.length > 0 && !tcpSource;
}
