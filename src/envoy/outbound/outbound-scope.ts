import type { TracingSettings } from "../../config/mesh-config/mesh-config-schema.js";
import type { Labels } from "../../mesh/labels.js";
import type { ConnectionSettings } from "../../mesh/proxy/connection-settings.js";
import type { HttpSettings } from "../../mesh/proxy/http-settings.js";
import type { AddressFamilies } from "../../mesh/proxy/proxy.js";
import type { AllocatedAddresses, Service } from "../../mesh/service/service.js";
import type { EgressListener } from "../../mesh/sidecar/sidecar.js";

/** The proxies that share an outbound part. */
export interface OutboundScope {
  /** The callers' namespace; `""` for callers of no namespace in particular. */
  readonly namespace: string;
  /** The labels of the callers that some resource asks for. */
  readonly labels: Labels;
  /** The key of the Sidecar that says what the callers reach; `""` when none does. */
  readonly sidecar: string;
  readonly router: boolean;
  /** Connections are captured by the kernel. */
  readonly captured: boolean;
  /** The port of the callers' HTTP proxy, beside the one of those whose connections are not captured; 0 for none. */
  readonly httpProxyPort: number;
  /** What is said of the headers that the callers' proxies add. */
  readonly headers: HttpSettings;
  /** By which gateways show themselves to servers that speak TLS; absent of callers that do not. */
  readonly credential?: string;
  /** What the callers' proxies say of their spans. */
  readonly tracing?: TracingSettings;
  /** How the callers' proxies deal with connections that leave them. */
  readonly connections: ConnectionSettings;
  /** The family of the allocated addresses by which the callers know hosts; `""` of callers that know none of them. */
  readonly allocated: "" | keyof AllocatedAddresses;
  /** The callers' applications find hosts by names that their proxies answer. */
  readonly answersDns: boolean;
  /** Those of the callers' addresses; both are `ipv4` to gateways, whose listeners are not made here. */
  readonly families: AddressFamilies;
  /** The callers, and all that they call, are on one machine. */
  readonly onLoopback: boolean;
  /** The address that is the callers' proxies' alone, see `ownEgressAddress`; `""` of callers whose proxies have none. */
  readonly ownAddress: string;
  /** The callers ask for what they use. */
  readonly onDemand: boolean;
  /** The key of the patches for this side of the callers; `""` when there are none. */
  readonly patches: string;
  /** Which of the ways out of their Sidecar it is about; undefined of all that callers without one reach. */
  readonly egress?: EgressListener;
}

/** Whether the callers of a scope can call through an HTTP proxy, which is all that some whose connections are not captured can. */
export const hasHttpProxy = ({
  captured,
  router,
  httpProxyPort,
}: Pick<OutboundScope, "captured" | "router" | "httpProxyPort">): boolean =>
  !router && (!captured || httpProxyPort !== 0);

/** Whether the callers of a scope tell their proxies no addresses of who is called. See `lookedUpPorts`. */
export const isByName = ({
  captured,
  router,
}: Pick<OutboundScope, "captured" | "router">): boolean => !captured && !router;

/** The addresses by which callers of a scope know a service. */
export function addressesFor(
  { addresses, allocated }: Pick<Service, "addresses" | "allocated">,
  scope: Pick<OutboundScope, "allocated">,
): readonly string[] {
  if (addresses.length > 0 || allocated === undefined || scope.allocated === "") return addresses;
  return [allocated[scope.allocated]];
}
