import Type from "typebox";
import type { KindDefinition } from "../kind.js";
import { list, oneOf, optional, strict, Text, type ValueOf } from "./fields.js";
import { PolicySelector, PolicyTargetReference, PolicyTargetReferences } from "./selectors.js";

const texts = optional(list(Text));

/** Who a request comes from; all fields that are given hold. */
export const AuthorizationSource = strict({
  principals: texts,
  notPrincipals: texts,
  requestPrincipals: texts,
  notRequestPrincipals: texts,
  namespaces: texts,
  notNamespaces: texts,
  serviceAccounts: optional(Type.Array(Text, { maxItems: 16 })),
  notServiceAccounts: optional(Type.Array(Text, { maxItems: 16 })),
  ipBlocks: texts,
  notIpBlocks: texts,
  remoteIpBlocks: texts,
  notRemoteIpBlocks: texts,
  trustDomains: texts,
  notTrustDomains: texts,
});
export type AuthorizationSource = ValueOf<typeof AuthorizationSource>;

/** What a request does; all fields that are given hold. */
export const AuthorizationOperation = strict({
  hosts: texts,
  notHosts: texts,
  ports: texts,
  notPorts: texts,
  methods: texts,
  notMethods: texts,
  paths: texts,
  notPaths: texts,
});
export type AuthorizationOperation = ValueOf<typeof AuthorizationOperation>;

/** A further condition on an attribute of a request. */
export const AuthorizationCondition = strict({
  key: Text,
  values: texts,
  notValues: texts,
});
export type AuthorizationCondition = ValueOf<typeof AuthorizationCondition>;

/** One of `from`, one of `to` and all of `when` hold. */
export const AuthorizationRule = strict({
  from: optional(Type.Array(strict({ source: optional(AuthorizationSource) }), { maxItems: 512 })),
  to: optional(list(strict({ operation: optional(AuthorizationOperation) }))),
  when: optional(list(AuthorizationCondition)),
});
export type AuthorizationRule = ValueOf<typeof AuthorizationRule>;

/** Which requests to some workloads are allowed, denied, audited or decided by another service. */
export const AuthorizationPolicySpec = strict({
  selector: optional(PolicySelector),
  targetRef: optional(PolicyTargetReference),
  targetRefs: optional(PolicyTargetReferences),
  rules: optional(Type.Array(AuthorizationRule, { maxItems: 512 })),
  action: optional(oneOf("ALLOW", "DENY", "AUDIT", "CUSTOM")),
  provider: optional(strict({ name: optional(Text) })),
});
export type AuthorizationPolicySpec = ValueOf<typeof AuthorizationPolicySpec>;

/** Istio's AuthorizationPolicy. */
export const authorizationPolicy = {
  kind: "AuthorizationPolicy",
  group: "security.istio.io",
  versions: ["v1", "v1beta1"],
  body: "spec",
  schema: AuthorizationPolicySpec,
} as const satisfies KindDefinition<AuthorizationPolicySpec>;
