import type { Finding, KindDefinition } from "../kind.js";
import type { ConfigResource } from "../resource.js";
import { lenient, list, oneOf, optional, PortNumber, Text, type ValueOf } from "./fields.js";
import type { Findings } from "./findings.js";
import { notApplied } from "./unapplied.js";

/** Where requests go. */
export type IngressBackend = ValueOf<typeof IngressBackend>;
const IngressBackend = lenient({
  service: optional(
    lenient({
      name: Text,
      /** Either of the two. */
      port: optional(lenient({ name: optional(Text), number: optional(PortNumber) })),
    }),
  ),
});

/** The requests for a path, and where they go. */
export type IngressPath = ValueOf<typeof IngressPath>;
const IngressPath = lenient({
  path: optional(Text),
  pathType: optional(oneOf("Exact", "Prefix", "ImplementationSpecific")),
  backend: IngressBackend,
});

/** The ways in from outside. */
export type IngressSpec = ValueOf<typeof IngressSpec>;
const IngressSpec = lenient({
  ingressClassName: optional(Text),
  defaultBackend: optional(IngressBackend),
  rules: optional(
    list(
      lenient({
        /** Every host when absent. */
        host: optional(Text),
        http: optional(lenient({ paths: list(IngressPath) })),
      }),
    ),
  ),
  tls: optional(list(lenient({ hosts: optional(list(Text)), secretName: optional(Text) }))),
});

/** Kubernetes' Ingress. */
export const ingress = {
  kind: "Ingress",
  group: "networking.k8s.io",
  versions: ["v1"],
  shortNames: ["ing"],
  body: "spec",
  schema: IngressSpec,
  check: (resource: ConfigResource<IngressSpec>): readonly Finding[] => [...checkIngress(resource)],
} as const satisfies KindDefinition<IngressSpec>;

// As in Istio, which leaves them out and goes on.
function* checkIngress({ spec }: ConfigResource<IngressSpec>): Findings {
  const { defaultBackend, rules = [], tls = [] } = spec;
  if (defaultBackend !== undefined) {
    const instead = "give a rule without a host the path / of type Prefix";
    yield notApplied(["spec", "defaultBackend"], `defaultBackend of an Ingress (${instead})`);
  }
  for (const [i, { http }] of rules.entries()) {
    for (const [j, { backend }] of (http?.paths ?? []).entries()) {
      if (backend.service !== undefined) continue;
      const path = ["spec", "rules", i, "http", "paths", j, "backend"];
      yield notApplied(path, "a backend that is no service");
    }
  }
  for (const [i, { secretName = "" }] of tls.entries()) {
    if (secretName === "") yield notApplied(["spec", "tls", i], "tls without a secretName");
  }
}
