import type { Finding, KindDefinition } from "../../kind.js";
import type { ConfigResource } from "../../resource.js";
import { list, NonEmptyText, optional, strict, type ValueOf } from "../value/fields.js";
import { each, type Findings, invalid } from "../value/findings.js";
import { BackendRef, checkBackend } from "./backends.js";
import { GATEWAY_API_GROUP } from "./names.js";
import { Hostnames } from "./parents.js";
import { ATTACHMENT_FIELDS, checkRoute } from "./routes.js";

const ConnectionRule = strict({
  name: optional(NonEmptyText),
  backendRefs: optional(list(BackendRef, 16)),
});

/** Where the connections at some parents go. */
export type TCPRouteSpec = ValueOf<typeof TCPRouteSpec>;
const TCPRouteSpec = strict({
  ...ATTACHMENT_FIELDS,
  rules: list(ConnectionRule, 16),
});

/** Where the TLS connections for some server names go, as they are. */
export type TLSRouteSpec = ValueOf<typeof TLSRouteSpec>;
const TLSRouteSpec = strict({
  ...ATTACHMENT_FIELDS,
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
  check: (resource: ConfigResource<TCPRouteSpec>): readonly Finding[] => [
    ...checkConnectionRoute(resource),
  ],
} as const satisfies KindDefinition<TCPRouteSpec>;

/** The TLSRoute of Kubernetes' Gateway API. */
export const tlsRoute = {
  kind: "TLSRoute",
  group: GATEWAY_API_GROUP,
  versions: ["v1", "v1alpha3", "v1alpha2"],
  body: "spec",
  schema: TLSRouteSpec,
  check: (resource: ConfigResource<TLSRouteSpec>): readonly Finding[] => [
    ...checkConnectionRoute(resource),
  ],
} as const satisfies KindDefinition<TLSRouteSpec>;

function* checkConnectionRoute({ spec }: ConfigResource<TCPRouteSpec | TLSRouteSpec>): Findings {
  if (spec.rules.length === 0) yield invalid(["spec", "rules"], "the route has no rules");
  yield* checkRoute(spec, ({ backendRefs }, path) =>
    each(backendRefs, [...path, "backendRefs"], checkBackend),
  );
}
