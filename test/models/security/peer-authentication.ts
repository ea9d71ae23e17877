/** Which connections a workload takes. See Istio, PeerAuthentication. */
import type { Arrival } from "./arrival.js";
import type { MeshSettings, PeerAuthentication, TlsMode } from "./objects.js";
import { hasSelector, isSelected, type Workload } from "./scope.js";

/** The mode of a port: the narrowest that is set of port, workload, namespace and mesh; PERMISSIVE when none is. */
export function modeOf(
  policies: readonly PeerAuthentication[],
  workload: Workload,
  port: number,
  { rootNamespace }: Pick<MeshSettings, "rootNamespace">,
): Exclude<TlsMode, "UNSET"> {
  const inNamespace = (namespace: string): readonly PeerAuthentication[] =>
    policies.filter(({ metadata }) => metadata.namespace === namespace);
  const own = inNamespace(workload.namespace);
  const isRegular = workload.namespace !== rootNamespace;
  // "A policy defined in the regular namespace, with non-empty selector field."
  const ofWorkload = oldest(
    own.filter(({ spec }) => isRegular && hasSelector(spec) && isSelected(workload, spec.selector)),
  );
  const ofNamespace = oldest(own.filter(({ spec }) => !hasSelector(spec)));
  const ofMesh = oldest(inNamespace(rootNamespace).filter(({ spec }) => !hasSelector(spec)));
  const modes = [
    ofWorkload?.spec.portLevelMtls?.[String(port)]?.mode,
    ofWorkload?.spec.mtls?.mode,
    ofNamespace?.spec.mtls?.mode,
    ofMesh?.spec.mtls?.mode,
  ];
  for (const mode of modes) if (mode !== undefined && mode !== "UNSET") return mode;
  return "PERMISSIVE";
}

/** "Istio picks the oldest one." */
function oldest(policies: readonly PeerAuthentication[]): PeerAuthentication | undefined {
  const age = ({ metadata: { creationTimestamp = "" } }: PeerAuthentication): string =>
    creationTimestamp;
  return [...policies].sort((a, b) => (age(a) < age(b) ? -1 : 1))[0];
}

/**
 * A connection as a port of a mode takes it; undefined when it does not. Without mutual TLS "the connection is not
 * tunneled": TLS is nothing to where HTTP is read, and elsewhere bytes of the application, which tell nothing of a peer but the name
 * that it asks for.
 */
export function taken(mode: Exclude<TlsMode, "UNSET">, arrival: Arrival): Arrival | undefined {
  const { tls, request: _, ...bytes } = arrival;
  if (mode === "STRICT") return tls === undefined ? undefined : arrival;
  if (mode === "PERMISSIVE" || tls === undefined) return arrival;
  const { serverName } = tls;
  return arrival.declared === "http" ? undefined : { ...bytes, tls: { serverName } };
}
