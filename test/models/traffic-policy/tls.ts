/** How the endpoints of a cluster are called: in plaintext, by mutual TLS of the mesh, or by TLS of the servers' own. */
import { ROOT_NAMESPACE } from "../routing/visibility.js";
import { modeOf } from "../security/peer-authentication.js";
import { defined, type HttpVersion } from "./cluster.js";
import type { PlacedCaller, TrafficPolicy, World } from "./objects.js";
import type { Host, HostPort, Instance } from "./registry.js";
import type { Rule } from "./rules.js";

export type Sockets = Readonly<Record<string, unknown>>;

/** What is called, and under which rule. */
export interface Called {
  readonly host: Host;
  readonly port: HostPort;
  readonly subset: string;
  readonly rule: Rule | undefined;
  readonly policy: TrafficPolicy;
  readonly version: HttpVersion;
}

/** The identities of those that answer, and the names that a ServiceEntry says that they show. */
function namesOf({ instances, subjectAltNames }: Host): readonly string[] {
  const identities = instances.flatMap(({ serviceAccount, namespace }) =>
    serviceAccount === "" ? [] : [`spiffe://cluster.local/ns/${namespace}/sa/${serviceAccount}`],
  );
  return [...new Set([...identities, ...subjectAltNames])].sort();
}

/** "The mode of the namespace", else of the mesh. */
function namespaceMode({ peerAuthentications }: World, namespace: string): string {
  return modeOf(peerAuthentications, { namespace, labels: {} }, 0, {
    rootNamespace: ROOT_NAMESPACE,
  });
}

/** Whether mutual TLS is begun with endpoints that take it, where no rule says how they are called. */
function isAutomatic(world: World, { isExternal, namespace }: Host): boolean {
  if (isExternal || world.meshConfig.enableAutoMtls === false) return false;
  return namespaceMode(world, namespace) !== "DISABLE";
}

/** Whether an instance of a host takes mutual TLS on a port: as the PeerAuthentications for it say, however it is found. */
export function takesMutualTls(world: World, instance: Instance, port: number): boolean {
  const root = { rootNamespace: ROOT_NAMESPACE };
  return (
    instance.hasSidecar && modeOf(world.peerAuthentications, instance, port, root) !== "DISABLE"
  );
}

function mesh({ host, port, subset, policy }: Called): Sockets {
  const { sni = "", subjectAltNames = [] } = policy.tls ?? {};
  const names = subjectAltNames.length > 0 ? [...subjectAltNames].sort() : namesOf(host);
  return {
    mode: "mesh",
    sni: sni === "" ? `outbound_.${port.number}_.${subset}_.${host.hostname}` : sni,
    names: names.length > 0 ? names : ["any of the mesh"],
  };
}

/** "The Secret of a rule … only applicable at gateways", but for rules that select workloads. */
const isWithheld = ({ rule, policy }: Called, caller: PlacedCaller): boolean =>
  (policy.tls?.credentialName ?? "") !== "" &&
  caller.type === "sidecar" &&
  rule?.selector === undefined;

const orElse = (text: string | undefined, other: string): string =>
  text === undefined || text === "" ? other : text;

/** The certificate that a client shows, and the roots of those that it takes. */
function certificates({ policy: { tls = {} } }: Called): Sockets {
  const { credentialName = "", clientCertificate, caCertificates } = tls;
  const secret = credentialName === "" ? undefined : `secret ${credentialName}`;
  return {
    certificate: tls.mode === "MUTUAL" ? (secret ?? clientCertificate) : undefined,
    roots:
      tls.insecureSkipVerify === true ? "nobody" : (secret ?? orElse(caCertificates, "system")),
  };
}

/** "Subject alt names specified in service entry if TLS settings does not have" any. */
function originated(called: Called): Sockets {
  const { host, policy, version } = called;
  const { sni = "", subjectAltNames = [], insecureSkipVerify: isUnverified } = policy.tls ?? {};
  const byHost = sni === "" ? true : undefined;
  const names = subjectAltNames.length > 0 ? [...subjectAltNames].sort() : undefined;
  const ofHost = host.isService ? [] : namesOf(host);
  return defined({
    mode: "origination",
    sni: sni === "" ? undefined : sni,
    autoSni: byHost,
    autoSan: names === undefined && isUnverified !== true ? byHost : undefined,
    names: isUnverified === true ? undefined : (names ?? ofHost),
    ...certificates(called),
    alpn: version === "2" ? ["h2"] : undefined,
  });
}

/** Where callers bring the address themselves, it is by mutual TLS if all endpoints have sidecars. */
function automatic(world: World, called: Called): Sockets {
  const { host, policy } = called;
  if (!isAutomatic(world, host)) return { mode: "plaintext" };
  if (policy.loadBalancer?.simple !== "PASSTHROUGH") {
    return { ...mesh(called), mode: "mesh, by endpoint" };
  }
  const { instances } = host;
  const isEach = instances.length > 0 && instances.every(({ hasSidecar }) => hasSidecar);
  return isEach ? mesh(called) : { mode: "plaintext" };
}

/** A policy that speaks of TLS without a mode is one without it: DISABLE is the first of the modes. */
function inside(world: World, called: Called, caller: PlacedCaller): Sockets {
  const { tls } = called.policy;
  if (tls === undefined) return automatic(world, called);
  switch (tls.mode ?? "DISABLE") {
    case "DISABLE":
      return { mode: "plaintext" };
    case "ISTIO_MUTUAL":
      return mesh(called);
    case "SIMPLE":
    case "MUTUAL":
      return isWithheld(called, caller) ? { mode: "plaintext" } : originated(called);
  }
}

/** How endpoints are called; the PROXY protocol is ahead of all that. */
export function sockets(world: World, called: Called, caller: PlacedCaller): Sockets {
  const { proxyProtocol } = called.policy;
  const own = inside(world, called, caller);
  return proxyProtocol === undefined ? own : { ...own, announced: proxyProtocol.version ?? "V1" };
}
