/** Which protocol a port of a host has. See Istio, "Protocol Selection". */

/** How its connections are taken: `auto` is found out by how they begin. */
export type Carried = "http" | "tls" | "tcp" | "auto";

/** A port of a host. */
export interface KnownPort {
  readonly number: number;
  readonly carries: Carried;
  /** The name of the protocol in lower case. */
  readonly protocol: string;
}

const CARRIED: Readonly<Record<string, Carried>> = {
  http: "http",
  http2: "http",
  grpc: "http",
  tls: "tls",
  https: "tls",
  tcp: "tcp",
  mongo: "tcp",
  mysql: "tcp",
  redis: "tcp",
};

/** A port by `name: <protocol>[-<suffix>]`, by `appProtocol`, or by the protocol of a ServiceEntry's port. */
export function knownPort(number: number, name: string): KnownPort {
  const [protocol = ""] = name.toLowerCase().split("-");
  return { number, carries: CARRIED[protocol] ?? "auto", protocol };
}
