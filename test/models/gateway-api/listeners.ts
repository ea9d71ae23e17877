/** What listeners of Gateways take and serve. See Listener, "Distinct Listeners", AllowedRoutes and ListenerTLSConfig. */
import { covers } from "../routing/hosts.js";
import {
  type Gateway,
  type Listener,
  type Protocol,
  type RouteKind,
  selects,
  type World,
} from "./objects.js";

const GROUP = "gateway.networking.k8s.io";

const KINDS: Readonly<Record<Protocol, readonly RouteKind[]>> = {
  HTTP: ["HTTPRoute", "GRPCRoute"],
  HTTPS: ["HTTPRoute", "GRPCRoute"],
  // Of connections that end here the bytes may also go on by a TCPRoute, as in Istio.
  TLS: ["TLSRoute", "TCPRoute"],
  TCP: ["TCPRoute"],
};

/** `*` for any. */
export const hostOfListener = ({ hostname = "*" }: Listener): string => hostname;

const isEncrypted = ({ protocol }: Listener): boolean => protocol === "HTTPS" || protocol === "TLS";

const passesThrough = ({ tls }: Listener): boolean => tls?.mode === "Passthrough";

/** The kinds of routes that a listener takes: of those that its protocol can have the ones that it names, if any. */
function kindsOf(listener: Listener): readonly RouteKind[] {
  const possible = KINDS[listener.protocol].filter(
    (kind) => !(passesThrough(listener) && kind === "TCPRoute"),
  );
  const { kinds = [] } = listener.allowedRoutes ?? {};
  if (kinds.length === 0) return possible;
  return possible.filter((one) =>
    kinds.some(({ group = GROUP, kind }) => group === GROUP && kind === one),
  );
}

/** Whether routes of a namespace may be at a listener: "Same" when it does not say. */
function takesNamespace(
  world: World,
  { metadata }: Gateway,
  { allowedRoutes }: Listener,
  namespace: string,
): boolean {
  const { from = "Same", selector } = allowedRoutes?.namespaces ?? {};
  if (from === "All") return true;
  if (from === "Same") return namespace === metadata.namespace;
  if (from === "None") return false;
  const found = world.namespaces.find((one) => one.metadata.name === namespace);
  // Kubernetes gives each namespace a label with its name.
  const labels = { ...found?.metadata.labels, "kubernetes.io/metadata.name": namespace };
  return selects(selector?.matchLabels ?? {}, labels);
}

/** Whether a listener takes routes of a kind and namespace. */
export function takes(
  world: World,
  gateway: Gateway,
  listener: Listener,
  route: { readonly kind: RouteKind; readonly namespace: string },
): boolean {
  return (
    !isConflicted(gateway, listener) &&
    kindsOf(listener).includes(route.kind) &&
    takesNamespace(world, gateway, listener, route.namespace)
  );
}

/** Protocols that can be told apart on one port: what is said first tells the server name. */
const family = ({ protocol }: Listener): string => (protocol === "HTTPS" ? "TLS" : protocol);

/**
 * "The implementation MUST … reject" listeners that are not distinct; here as Istio does it: the first of them is served.
 */
export function isConflicted({ spec }: Gateway, listener: Listener): boolean {
  const before = spec.listeners.slice(0, spec.listeners.indexOf(listener));
  const served = before.filter(
    (one) => one.port === listener.port && !isConflicted({ spec } as Gateway, one),
  );
  return served.some(
    (one) => family(one) !== family(listener) || hostOfListener(one) === hostOfListener(listener),
  );
}

/** Whether a Gateway may show a certificate: one of its namespace, or one that was granted to Gateways of it. */
function mayShow(world: World, { metadata }: Gateway, name: string, namespace: string): boolean {
  if (namespace === metadata.namespace) return true;
  return world.referenceGrants.some(
    (grant) =>
      grant.metadata.namespace === namespace &&
      grant.spec.from.some(
        (from) =>
          from.group === GROUP && from.kind === "Gateway" && from.namespace === metadata.namespace,
      ) &&
      grant.spec.to.some(
        (to) => to.group === "" && to.kind === "Secret" && (to.name ?? name) === name,
      ),
  );
}

/** Whether a listener is served: there is none of it that is in conflict, or has no certificate that it may show. */
export function isServed(world: World, gateway: Gateway, listener: Listener): boolean {
  if (isConflicted(gateway, listener)) return false;
  if (!isEncrypted(listener) || passesThrough(listener)) return true;
  const { certificateRefs = [] } = listener.tls ?? {};
  return certificateRefs.some(({ name, namespace = gateway.metadata.namespace }) =>
    mayShow(world, gateway, name, namespace),
  );
}

/** Whether something is amiss with a listener, of which its Gateway is told. */
export function isFaulty(world: World, gateway: Gateway, listener: Listener): boolean {
  if (!isServed(world, gateway, listener)) return true;
  const { certificateRefs = [] } = listener.tls ?? {};
  const named = listener.allowedRoutes?.kinds ?? [];
  return (
    certificateRefs.some(
      ({ name, namespace = gateway.metadata.namespace }) =>
        !mayShow(world, gateway, name, namespace),
    ) ||
    named.length > kindsOf(listener).filter((one) => named.some(({ kind }) => kind === one)).length
  );
}

/** Of the listeners whose hosts cover a name the one whose host is the closest. */
export function closestListener(
  listeners: readonly Listener[],
  name: string,
): Listener | undefined {
  return listeners
    .filter((one) => covers(hostOfListener(one), name))
    .sort((a, b) => closeness(hostOfListener(b)) - closeness(hostOfListener(a)))[0];
}

/** A host without a wildcard before all others, then the longer. */
export const closeness = (host: string): number =>
  host.startsWith("*") ? host.length : 1000 + host.length;
