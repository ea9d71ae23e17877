/** The TLS of listeners as that of servers of Istio's Gateways, and why a listener cannot be served. See Istio, buildTLS. */
import type { Table } from "../../base/table/table.js";
import type { Path } from "../kind.js";
import type { KubernetesGatewaySpec } from "../kinds/gateway-api/gateway.js";
import type { CertificateRef, ListenerTls } from "../kinds/gateway-api/gateway-tls.js";
import type { ServerTLSSettings } from "../kinds/networking/server-tls-settings.js";
import type { ResourceOf } from "../kinds.js";
import { BUILTIN_CREDENTIAL, mayReadSecret } from "../secret-grants.js";
import { type Listener, SERVED_PROTOCOLS } from "./listener.js";

type KubernetesGateway = ResourceOf<"KubernetesGateway">;
type ReferenceGrants = Table<ResourceOf<"ReferenceGrant">>;

/** What keeps a listener, or one of its certificates, from being served. */
export interface ListenerProblem {
  /** In the resource that has the listener. */
  readonly path: Path;
  readonly message: string;
}

/** How a listener speaks TLS. */
export interface ListenerTlsReading {
  /** Absent of one that speaks none. */
  readonly tls?: ServerTLSSettings;
  /** Whether it is served at all. */
  readonly isServed: boolean;
  readonly problems: readonly ListenerProblem[];
}

/** By these options a listener says what the Gateway API has no fields for. See Istio. */
const TERMINATE_MODE = "gateway.istio.io/tls-terminate-mode";
const LISTENER_MODE = "gateway.istio.io/listener-protocol";
/** The labels of gateways between networks, and the port on which they listen when they do not say. */
const NETWORK_LABEL = "topology.istio.io/network";
const NETWORK_PORT_LABEL = "networking.istio.io/gatewayPort";
const NETWORK_PORT = "15443";

/** Reads how a listener of a Gateway is served, and its TLS. */
export function listenerTls(
  gateway: KubernetesGateway,
  listener: Listener,
  grants: ReferenceGrants,
): ListenerTlsReading {
  const { index, protocol, tls, conflict } = listener;
  const at: Path = ["spec", "listeners", index];
  if (!SERVED_PROTOCOLS.includes(protocol)) {
    const message = `protocol ${protocol} is not served: write one of ${SERVED_PROTOCOLS.join(", ")}`;
    return unserved([...at, "protocol"], message);
  }
  if (conflict !== undefined) return unserved([...at, conflict.field], conflict.reason);
  if (protocol === "HTTP" || protocol === "TCP") return { isServed: true, problems: [] };
  if (tls === undefined) {
    return unserved([...at, "protocol"], `${protocol} needs tls with a certificate`);
  }
  if (tls.mode === "Passthrough") {
    const mode = isAutoPassthrough(gateway, listener) ? "AUTO_PASSTHROUGH" : "PASSTHROUGH";
    return { tls: { mode }, isServed: true, problems: [] };
  }
  return terminated(gateway, listener, tls, { at, grants });
}

interface ReadingPlace {
  readonly at: Path;
  readonly grants: ReferenceGrants;
}

const unserved = (path: Path, message: string): ListenerTlsReading => ({
  isServed: false,
  problems: [{ path, message: `${message}; the listener is not served` }],
});

function isAutoPassthrough(
  { metadata: { labels } }: KubernetesGateway,
  { port, tls }: Listener,
): boolean {
  if (tls?.options?.[LISTENER_MODE] === "AUTO_PASSTHROUGH") return true;
  return NETWORK_LABEL in labels && String(port) === (labels[NETWORK_PORT_LABEL] ?? NETWORK_PORT);
}

/** The mode in which a gateway shows its own certificate of the mesh. */
const OWN_CERTIFICATE = "ISTIO_SIMPLE";

/** What the option for the mode can be; without it clients need no certificate. */
const MODES = {
  "": "SIMPLE",
  SIMPLE: "SIMPLE",
  MUTUAL: "MUTUAL",
  OPTIONAL_MUTUAL: "OPTIONAL_MUTUAL",
  [OWN_CERTIFICATE]: "SIMPLE",
  ISTIO_MUTUAL: "ISTIO_MUTUAL",
} as const;

function terminated(
  gateway: KubernetesGateway,
  listener: Listener,
  tls: ListenerTls,
  { at, grants }: ReadingPlace,
): ListenerTlsReading {
  const option = tls.options?.[TERMINATE_MODE] ?? "";
  const mode = Object.entries(MODES).find(([name]) => name === option)?.[1];
  if (mode === undefined) {
    const path = [...at, "tls", "options", TERMINATE_MODE];
    return unserved(path, `the mode ${option} of TLS is none that fairlead has`);
  }
  if (mode === "ISTIO_MUTUAL") return { tls: { mode }, isServed: true, problems: [] };
  const { names, problems } = certificatesOf(gateway, listener, tls, {
    at: [...at, "tls"],
    grants,
  });
  const [first, ...others] = names;
  if (first === undefined) {
    const [reason] = problems;
    const path = reason?.path ?? [...at, "tls"];
    return unserved(path, reason?.message ?? "TLS that ends here needs a certificate");
  }
  const certificates: ServerTLSSettings =
    others.length === 0 ? { credentialName: first } : { credentialNames: names };
  const clients = clientCertificates(gateway, listener.port);
  if (clients !== undefined && "message" in clients) {
    // What the Gateway asks of clients is written there: of another resource the port is what it is for.
    const isOwn = listener.owner.kind === "KubernetesGateway";
    return unserved(isOwn ? clients.path : [...at, "port"], clients.message);
  }
  return { tls: { mode, ...certificates, ...clients }, isServed: true, problems };
}

/** The names of a listener's certificates, as workloads of the Gateway's namespace know them. */
function certificatesOf(
  { metadata: { namespace: gatewayNamespace } }: KubernetesGateway,
  { owner }: Listener,
  { certificateRefs = [], options }: ListenerTls,
  { at, grants }: ReadingPlace,
): { readonly names: readonly string[]; readonly problems: readonly ListenerProblem[] } {
  if (options?.[TERMINATE_MODE] === OWN_CERTIFICATE) {
    return { names: [BUILTIN_CREDENTIAL], problems: [] };
  }
  const names: string[] = [];
  const problems: ListenerProblem[] = [];
  for (const [index, reference] of certificateRefs.entries()) {
    const { name, namespace = owner.namespace } = reference;
    const path = [...at, "certificateRefs", index];
    if (!isSecretRef(reference)) {
      problems.push({ path, message: "a certificate is in a Secret, and in no other kind" });
    } else if (!mayReadSecret(grants, owner, { namespace, name })) {
      const kind = owner.kind === "KubernetesGateway" ? "Gateway" : owner.kind;
      const message = `no ReferenceGrant lets ${kind}s of namespace ${owner.namespace} read Secret "${namespace}/${name}"`;
      problems.push({ path, message });
    } else {
      names.push(namespace === gatewayNamespace ? name : `${namespace}/${name}`);
    }
  }
  return { names, problems };
}

/** Whether a certificate is said to be in a Secret. */
export const isSecretRef = ({ group = "", kind = "Secret" }: CertificateRef): boolean =>
  group === "" && kind === "Secret";

type Validation = NonNullable<
  NonNullable<NonNullable<KubernetesGatewaySpec["tls"]>["frontend"]>["default"]["validation"]
>;

/** What a Gateway asks of clients at a port, and where that is written; undefined for nothing. */
function validationAt(
  { spec: { tls } }: KubernetesGateway,
  port: number,
): { readonly validation: Validation; readonly path: Path } | undefined {
  const { default: byDefault, perPort = [] } = tls?.frontend ?? {};
  const index = perPort.findIndex((one) => one.port === port);
  const at: Path = index < 0 ? ["default"] : ["perPort", index, "tls"];
  const validation = index < 0 ? byDefault?.validation : perPort[index]?.tls.validation;
  return validation && { validation, path: ["spec", "tls", "frontend", ...at, "validation"] };
}

/** The certificates that clients have to show at a port; a problem where they could not be checked. */
function clientCertificates(
  gateway: KubernetesGateway,
  port: number,
): Pick<ServerTLSSettings, "mode" | "caCertCredentialName"> | ListenerProblem | undefined {
  const asked = validationAt(gateway, port);
  if (asked === undefined) return undefined;
  const path = [...asked.path, "caCertificateRefs"];
  const [roots, ...others] = asked.validation.caCertificateRefs;
  if (roots === undefined || others.length > 0) {
    return { path, message: "the roots of clients' certificates have to be in one ConfigMap" };
  }
  const own = gateway.metadata.namespace;
  const { group, kind, name, namespace = own } = roots;
  const isKnown = group === "" && (kind === "ConfigMap" || kind === "Secret");
  if (namespace !== own || !isKnown) {
    const message =
      "the roots of clients' certificates have to be a ConfigMap of the same namespace";
    return { path: [...path, 0], message };
  }
  const isOptional = asked.validation.mode === "AllowInsecureFallback";
  return {
    mode: isOptional ? "OPTIONAL_MUTUAL" : "MUTUAL",
    caCertCredentialName: kind === "Secret" ? name : `configmap://${namespace}/${name}`,
  };
}
