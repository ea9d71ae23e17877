/** What BackendTLSPolicies ask of the callers of Services, and what of it cannot be. See Istio, BackendTLSPolicyCollection. */
import type { Table } from "../../base/table/table.js";
import type { Path } from "../kind.js";
import type {
  BackendTlsValidation,
  PolicyTarget,
} from "../kinds/gateway-api/backend-tls-policy.js";
import type { ClientTLSSettings } from "../kinds/networking/destination-rule/client-tls-settings.js";
import type { ResourceOf } from "../kinds.js";
import type { ParentPort } from "./mesh-parents.js";

/** What a policy says that does not count, or that nothing can be called by. */
export interface PolicyProblem {
  readonly path: Path;
  readonly message: string;
}

/** A Service, or a port of it, whose callers are to speak TLS. */
export interface TlsTarget {
  /** `namespace/name` of the Service. */
  readonly service: string;
  /** All ports when absent. */
  readonly port?: number;
  readonly index: number;
}

/** What a policy asks, and of whom. */
export interface BackendTls {
  readonly targets: readonly TlsTarget[];
  readonly tls: ClientTLSSettings;
  readonly problems: readonly PolicyProblem[];
}

/** A credential that nobody has: no server is taken for one that it verifies. */
const NO_ROOTS = "invalid://";

/** The annotation by which a policy is for other controllers of gateways than Istio. */
const IGNORED = "istio.io/ignore-policy-attachment";

/**
 * What a policy asks; `services` are the ports of those that there are, by `namespace/name`. Undefined of one that says that it
 * is not for us.
 */
export function backendTls(
  { metadata, spec }: ResourceOf<"BackendTLSPolicy">,
  services: Table<readonly ParentPort[]>,
): BackendTls | undefined {
  if (metadata.annotations[IGNORED] === "true") return undefined;
  const found = spec.targetRefs.map((reference, index) =>
    targetOf(reference, index, { namespace: metadata.namespace, services }),
  );
  const roots = rootsOf(spec.validation, metadata.namespace);
  const { hostname } = spec.validation;
  return {
    targets: found.filter((one) => "service" in one),
    tls: {
      mode: "SIMPLE",
      sni: hostname,
      // Without names the Gateway API asks for the host's, where Istio gives none.
      subjectAltNames: namesOf(spec.validation) ?? [hostname],
      ...(roots.credentialName === undefined ? {} : { credentialName: roots.credentialName }),
    },
    problems: [...found.filter((one) => "message" in one), ...roots.problems],
  };
}

/** The Services that policies of a namespace can be for. */
interface Targets {
  readonly namespace: string;
  readonly services: Table<readonly ParentPort[]>;
}

function targetOf(
  { group, kind, name, sectionName }: PolicyTarget,
  index: number,
  { namespace, services }: Targets,
): TlsTarget | PolicyProblem {
  const path = ["spec", "targetRefs", index];
  if (group !== "" || kind !== "Service") {
    const message = `a ${kind} of "${group}" is no target of a BackendTLSPolicy: a Service is`;
    return { path: [...path, "kind"], message };
  }
  const service = `${namespace}/${name}`;
  const ports = services.get(service);
  if (ports === undefined) {
    return { path: [...path, "name"], message: `there is no Service "${service}"` };
  }
  if (sectionName === undefined) return { service, index };
  const port = ports.find((one) => one.name === sectionName)?.number;
  if (port !== undefined) return { service, index, port };
  const names = ports.map((one) => one.name).join(", ");
  const message = `there is no port "${sectionName}": there is ${names}`;
  return { path: [...path, "sectionName"], message };
}

function namesOf({ subjectAltNames = [] }: BackendTlsValidation): readonly string[] | undefined {
  const names = subjectAltNames.flatMap(({ type, hostname, uri }) =>
    type === "Hostname" ? (hostname ?? []) : (uri ?? []),
  );
  return names.length === 0 ? undefined : names;
}

interface Roots {
  /** The roots of the operating system when absent. */
  readonly credentialName?: string;
  readonly problems: readonly PolicyProblem[];
}

function rootsOf(
  { caCertificateRefs = [], wellKnownCACertificates }: BackendTlsValidation,
  namespace: string,
): Roots {
  const path = ["spec", "validation"];
  const [first, ...others] = caCertificateRefs;
  if (first === undefined) {
    if (wellKnownCACertificates === "System") return { problems: [] };
    const message = `"${wellKnownCACertificates ?? ""}" are no roots that are known: System are, those of the operating system`;
    const at = [...path, "wellKnownCACertificates"];
    return { credentialName: NO_ROOTS, problems: [{ path: at, message }] };
  }
  const ignored = others.map((_one, i) => ({
    path: [...path, "caCertificateRefs", i + 1],
    message: "the first of several roots counts alone",
  }));
  if (first.group === "" && first.kind === "ConfigMap") {
    return { credentialName: `configmap://${namespace}/${first.name}`, problems: ignored };
  }
  const message = `a ${first.kind} of "${first.group}" has no roots: a ConfigMap has`;
  const at = [...path, "caCertificateRefs", 0, "kind"];
  return { credentialName: NO_ROOTS, problems: [{ path: at, message }, ...ignored] };
}
