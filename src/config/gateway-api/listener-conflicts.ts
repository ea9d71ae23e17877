/** Which listeners of one Gateway cannot be beside others. See Gateway API, "Distinct" listeners. */
import { keyOf } from "../resource.js";
import { type Listener, SERVED_PROTOCOLS } from "./listener.js";

/** The same listeners, where each that cannot be beside one before it says so. */
export function withConflicts(listeners: readonly Listener[]): readonly Listener[] {
  const ports = new Map<number, Listener[]>();
  return listeners.map((listener) => {
    // What is not served anyway takes nobody's place.
    if (!SERVED_PROTOCOLS.includes(listener.protocol)) return listener;
    const before = ports.get(listener.port) ?? [];
    const conflict = conflictOf(listener, before);
    if (conflict !== undefined) return { ...listener, conflict };
    ports.set(listener.port, [...before, listener]);
    return listener;
  });
}

function conflictOf(
  listener: Listener,
  before: readonly Listener[],
): Listener["conflict"] | undefined {
  const { protocol, hostname, port } = listener;
  const other = before.find((one) => familyOf(one) !== familyOf(listener));
  if (other !== undefined) {
    const reason = `${called(other, listener)} has port ${port} for ${other.protocol}: ${protocol} cannot be beside it`;
    return { field: "protocol", reason };
  }
  const same = before.find((one) => one.hostname === hostname);
  if (same === undefined) return undefined;
  const reason = `${called(same, listener)} has port ${port} for ${hostname === "*" ? "any host" : hostname} already`;
  return { field: hostname === "*" ? "port" : "hostname", reason };
}

/** HTTP in plaintext, TLS, and connections of which nothing is known cannot share a port. */
const familyOf = ({ protocol }: Listener): string => (protocol === "HTTPS" ? "TLS" : protocol);

function called({ name, owner }: Listener, { owner: own }: Listener): string {
  if (owner.kind === own.kind && keyOf(owner) === keyOf(own)) return `listener "${name}"`;
  const kind = owner.kind === "KubernetesGateway" ? "Gateway" : owner.kind;
  return `listener "${name}" of ${kind} "${keyOf(owner)}"`;
}
