import type { TracingSettings } from "../../config/mesh-config/mesh-config-schema.js";
import type { Labels } from "../../mesh/labels.js";
import type { ConnectionSettings } from "../../mesh/proxy/connection-settings.js";
import type { HttpSettings } from "../../mesh/proxy/http-settings.js";
import type { AddressFamilies } from "../../mesh/proxy/proxy.js";
import type { AllocatedAddresses, Service } from "../../mesh/service/service.js";
import type { EgressListener } from "../../mesh/sidecar/sidecar.js";

/** What the proxies of the callers are told of themselves, by the mesh's configuration or their own. */
export interface ProxySettings {
  /** The port of their HTTP proxy, beside the one of those whose connections are not captured; 0 for none. */
  readonly httpProxyPort: number;
  /** Which headers they add. */
  readonly headers: HttpSettings;
  /** How they deal with connections that leave them. */
  readonly connections: ConnectionSettings;
  /** They ask only for the virtual hosts that they use. */
  readonly onDemand: boolean;
  /** What they say of their spans. */
  readonly tracing?: TracingSettings;
  /** The credential that gateways show to backends that speak TLS; absent where they show none. */
  readonly credential?: string;
}

/** Where the proxies of the callers are. */
export interface ProxyAddresses {
  /** The families of their addresses; both are `ipv4` to gateways, whose listeners are not made here. */
  readonly families: AddressFamilies;
  /** The callers, and all that they call, are on one machine. */
  readonly onLoopback: boolean;
  /** The address that is the proxies' alone, see `ownEgressAddress`; `""` of proxies that have none. */
  readonly own: string;
}

/** How the callers find hosts by name. */
export interface CallersDns {
  /** Their applications find hosts by names that their proxies answer. */
  readonly isAnswered: boolean;
  /** The family of the allocated addresses by which they know hosts; `""` of callers that know none of them. */
  readonly allocated: "" | keyof AllocatedAddresses;
}

/**
 * The callers that share an outbound part: those of one namespace that are alike in all that decides about their clusters,
 * routes and listeners. It is found by its text, so no more is in it than makes a difference.
 */
export interface OutboundScope {
  /** The callers' namespace; `""` for callers of no namespace in particular. */
  readonly namespace: string;
  /** The labels of the callers that some resource asks for. */
  readonly labels: Labels;
  /** The key of the Sidecar that says what the callers reach; `""` when none does. */
  readonly sidecar: string;
  /** The egress listener of their Sidecar that it is about; undefined where it is about all that they reach. */
  readonly egress?: EgressListener;
  /** The callers are gateways. */
  readonly router: boolean;
  /** The callers' connections are captured, that is redirected to their proxies by the kernel. */
  readonly captured: boolean;
  readonly settings: ProxySettings;
  readonly addresses: ProxyAddresses;
  readonly dns: CallersDns;
  /** The key of the patches for this side of the callers; `""` when there are none. */
  readonly patches: string;
}

/** Whether the callers of a scope can call through an HTTP proxy. Some whose connections are not captured can call in no other way. */
export const hasHttpProxy = ({
  captured,
  router,
  settings,
}: Pick<OutboundScope, "captured" | "router" | "settings">): boolean =>
  !router && (!captured || settings.httpProxyPort !== 0);

/** Whether the callers of a scope tell their proxies no addresses of who is called. See `lookedUpPorts`. */
export const isByName = ({
  captured,
  router,
}: Pick<OutboundScope, "captured" | "router">): boolean => !captured && !router;

/** The addresses by which callers know a service that know allocated addresses of this family. */
export function addressesFor(
  { addresses, allocated }: Pick<Service, "addresses" | "allocated">,
  family: CallersDns["allocated"],
): readonly string[] {
  if (addresses.length > 0 || allocated === undefined || family === "") return addresses;
  return [allocated[family]];
}
