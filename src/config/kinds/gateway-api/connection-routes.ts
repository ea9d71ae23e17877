import type { Finding, KindDefinition } from "../../kind.js";
import type { ConfigResource } from "../../resource.js";
import { list, NonEmptyText, optional, strict, Text, type ValueOf } from "../fields.js";
import { each, type Findings, given, invalid } from "../findings.js";
import { BackendRef, checkBackend } from "./backends.js";
import { checkSectionName, GATEWAY_API_GROUP } from "./names.js";
import { checkHostnames, checkParents, Hostnames, ParentReferences } from "./parents.js";

const ConnectionRule = strict({
  name: optional(NonEmptyText),
  backendRefs: optional(list(BackendRef, 16)),
});

/** Where the connections at some parents go. */
export type TCPRouteSpec = ValueOf<typeof TCPRouteSpec>;
const TCPRouteSpec = strict({
  parentRefs: optional(ParentReferences),
  useDefaultGateways: optional(Text),
  rules: list(ConnectionRule, 16),
});

/** Where the TLS connections for some server names go, as they are. */
export type TLSRouteSpec = ValueOf<typeof TLSRouteSpec>;
const TLSRouteSpec = strict({
  parentRefs: optional(ParentReferences),
  useDefaultGateways: optional(Text),
  hostnames: optional(Hostnames),
  rules: list(ConnectionRule, 16),
});

/** The TCPRoute of Kubernetes' Gateway API. */
export const tcpRoute = {
  kind: "TCPRoute",
  group: GATEWAY_API_GROUP,
  versions: ["v1", "v1alpha2"],
  body: "spec",
  schema: TCPRouteSpec,
  check: (resource: ConfigResource<TCPRouteSpec>): readonly Finding[] => [...checkRoute(resource)],
} as const satisfies KindDefinition<TCPRouteSpec>;

/** The TLSRoute of Kubernetes' Gateway API. */
export const tlsRoute = {
  kind: "TLSRoute",
  group: GATEWAY_API_GROUP,
  versions: ["v1", "v1alpha3", "v1alpha2"],
  body: "spec",
  schema: TLSRouteSpec,
  check: (resource: ConfigResource<TLSRouteSpec>): readonly Finding[] => [
    ...checkTlsRoute(resource),
  ],
} as const satisfies KindDefinition<TLSRouteSpec>;

function* checkTlsRoute(resource: ConfigResource<TLSRouteSpec>): Findings {
  yield* given(resource.spec.hostnames, ["spec", "hostnames"], checkHostnames);
  yield* checkRoute(resource);
}

function* checkRoute({ spec }: ConfigResource<TCPRouteSpec | TLSRouteSpec>): Findings {
  yield* given(spec.parentRefs, ["spec", "parentRefs"], checkParents);
  if (spec.rules.length === 0) yield invalid(["spec", "rules"], "the route has no rules");
  yield* each(spec.rules, ["spec", "rules"], function* ({ name, backendRefs }, path) {
    yield* given(name, [...path, "name"], checkSectionName);
    yield* each(backendRefs, [...path, "backendRefs"], checkBackend);
  });
}
