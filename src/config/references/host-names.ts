/** The domain of the services of the mesh. */
const DOMAIN = "svc.cluster.local";

/** The full name of a Kubernetes service. */
function serviceHost(name: string, namespace: string): string {
  return `${name}.${namespace}.${DOMAIN}`;
}

/**
 * The hosts that a name in a resource of `namespace` may stand for, the likeliest first: `reviews`, `reviews.default`,
 * `reviews.default.svc` and `reviews.default.svc.cluster.local` are all the service; any other name is itself. A service
 * has a name without dots. They are in lower case, whatever the name is in. See Istio, Destination.host.
 */
export function hostsOf(text: string, namespace: string): readonly string[] {
  const name = text.toLowerCase();
  const labels = name.split(".");
  if (name.includes("*") || name.includes(":")) return [name];
  if (labels.length === 1) return [serviceHost(name, namespace), name];
  if (labels.length === 2) return [name, `${name}.${DOMAIN}`];
  if (labels.length === 3 && labels[2] === "svc") return [name, `${name}.cluster.local`];
  return [name];
}

/** The `namespace/name` of the service of a full name; undefined for other hosts. */
export function serviceKeyOf(host: string): string | undefined {
  const [name, namespace, ...domain] = host.split(".");
  if (name === undefined || namespace === undefined || domain.join(".") !== DOMAIN)
    return undefined;
  return `${namespace}/${name}`;
}
