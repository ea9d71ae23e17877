/** The domain of the services of the mesh. */
const DOMAIN = "svc.cluster.local";

/** The full name of a Kubernetes service. */
function serviceHost(name: string, namespace: string): string {
  return `${name}.${namespace}.${DOMAIN}`;
}

/**
 * The hosts that a name in a resource of `namespace` may stand for, the likeliest first: `reviews` is the service of that
 * namespace; any other name is itself, also `reviews.default`. They are in lower case, whatever the name is in. See Istio,
 * Destination.host.
 */
export function hostsOf(text: string, namespace: string): readonly string[] {
  const name = text.toLowerCase();
  return /[.*:]/.test(name) ? [name] : [serviceHost(name, namespace), name];
}

/** The service that somebody means who calls it by the name of its namespace too, as applications may: `reviews.default`. */
export function serviceMeantBy(text: string): string | undefined {
  const [, name, namespace] = /^([^.*:]+)\.([^.]+)(?:\.svc)?$/.exec(text.toLowerCase()) ?? [];
  return name === undefined || namespace === undefined ? undefined : serviceHost(name, namespace);
}

/** The `namespace/name` of the service of a full name; undefined for other hosts. */
export function serviceKeyOf(host: string): string | undefined {
  const [name, namespace, ...domain] = host.split(".");
  if (name === undefined || namespace === undefined || domain.join(".") !== DOMAIN)
    return undefined;
  return `${namespace}/${name}`;
}
