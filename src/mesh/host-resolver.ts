/** Completes the short host names that resources use, such as `payments` for `payments.default.svc.cluster.local`. */
import { resolveShortName } from "./hostname.js";

/** What completes the host names that resources refer to. */
export interface HostResolver {
  /** The suffix of Kubernetes services: `cluster.local`. */
  readonly domain: string;
}

/**
 * The full name of a host that a resource in `namespace` refers to, in lower case, in which alone hosts meet. A name with a dot
 * is a full one: `payments.default` may be the host of a ServiceEntry. See Istio, ResolveShortnameToFQDN.
 */
export function resolveHost(text: string, namespace: string, { domain }: HostResolver): string {
  return resolveShortName(text.toLowerCase(), namespace, domain);
}
