import type { Finding, KindDefinition, Path } from "../../kind.js";
import type { ConfigResource } from "../../resource.js";
import { hasPartialWildcard, wildcardDomainProblem } from "../value/dns-names.js";
import { lenient, list, oneOf, optional, PortNumber, Text, type ValueOf } from "../value/fields.js";
import { each, type Findings, given } from "../value/findings.js";
import { notApplied } from "../value/unapplied.js";

/** By this annotation Ingresses of old named their class. */
export const INGRESS_CLASS = "kubernetes.io/ingress.class";

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
  for (const [index, { host, http }] of rules.entries()) {
    yield* given(host, ["spec", "rules", index, "host"], checkHost);
    yield* each(http?.paths, ["spec", "rules", index, "http", "paths"], checkPath);
  }
  for (const [i, { hosts, secretName = "" }] of tls.entries()) {
    yield* each(hosts, ["spec", "tls", i, "hosts"], checkHost);
    if (secretName === "") yield notApplied(["spec", "tls", i], "tls without a secretName");
  }
}

// Kubernetes refuses these, and the next. One of them in a listener would have Envoy refuse it, for all others too.
function* checkHost(host: string, path: Path): Findings {
  if (host === "") return;
  const isPartial = hasPartialWildcard(host) || host === "*";
  const problem = isPartial
    ? `"${host}" is no host: a wildcard is the whole first label, as in *.example.com`
    : wildcardDomainProblem(host);
  if (problem !== undefined) yield { path, code: "invalid-host", message: problem };
}

function* checkPath({ path = "", pathType, backend }: IngressPath, at: Path): Findings {
  if ((pathType === "Exact" || pathType === "Prefix") && !/^(\/[^?#]*)?$/.test(path)) {
    const message = `${JSON.stringify(path)} is no path of a URL: it has to begin with / and ends before ? and #`;
    yield { path: [...at, "path"], code: "invalid-path", message };
  }
  if (backend.service === undefined)
    yield notApplied([...at, "backend"], "a backend that is no service");
}
