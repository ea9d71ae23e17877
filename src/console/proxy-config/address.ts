import type { AddressJson } from "../../envoy/api.js";

/** Where an address leads, as istioctl writes it. */
export interface HostAddress {
  /** An IP address; the path of a Unix socket; `envoy://LISTENER/ENDPOINT` for a listener of the same Envoy. */
  readonly host: string;
  /** Undefined for what has none. */
  readonly port: number | undefined;
  readonly kind: "socket" | "pipe" | "internal";
}

/** Reads an address of Envoy's API. */
export function hostAddress(address: AddressJson | undefined): HostAddress {
  const { socketAddress, pipe, envoyInternalAddress } = address ?? {};
  if (pipe !== undefined) return { host: pipe.path ?? "", port: undefined, kind: "pipe" };
  if (envoyInternalAddress !== undefined) {
    const { serverListenerName = "", endpointId = "" } = envoyInternalAddress;
    const host = `envoy://${serverListenerName}/${endpointId}`;
    return { host, port: undefined, kind: "internal" };
  }
  return {
    host: socketAddress?.address ?? "",
    port: socketAddress?.portValue ?? 0,
    kind: "socket",
  };
}

/** `HOST:PORT`, or the host alone where there is no port. */
export function formatAddress({ host, port }: HostAddress): string {
  return port === undefined ? host : `${host}:${String(port)}`;
}
