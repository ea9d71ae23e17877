/** The control plane's gRPC ports: plaintext for who is on this machine, TLS for everyone. */
import { formatHostPort } from "../../base/text/host-port.js";
import { GrpcServer, type TlsSource } from "../../grpc/server.js";
import { SERVER_LIMITS } from "../../xds/limits.js";
import { AppError } from "../app-error.js";

/** A gRPC port that is served. */
export interface GrpcPort {
  readonly port: number;
  close(): Promise<void>;
}

/** Where to listen. */
export interface ListenAt {
  readonly address: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** What the port is for, as people know it. */
  readonly purpose: string;
  /** The flag that chooses another. */
  readonly flag: string;
}

/** Where to listen, and for how many connections at the same time. */
interface GrpcListenAt extends ListenAt {
  readonly maxConnections: number;
}

/** The error of a port on which we cannot listen, with what to do. */
export function portError(at: ListenAt, cause: unknown): AppError {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const where = formatHostPort({ host: at.address, port: at.port });
  if (code === "EACCES") {
    return new AppError("port-denied", `may not listen on ${where} (${at.purpose})`, {
      hint: `ports below 1024 need privileges: choose another with ${at.flag}`,
      cause,
    });
  }
  if (code === "EADDRNOTAVAIL") {
    return new AppError("address-unknown", `${at.address} is no address of this machine`, {
      hint: "give one that is with --address",
      cause,
    });
  }
  return new AppError("port-taken", `${where} (${at.purpose}) is taken by another process`, {
    hint: `stop that process (is another fairlead running?), or choose another port with ${at.flag}`,
    cause,
  });
}

/**
 * Serves on a port what `addServices` adds, with TLS if there is a source of it.
 * @throws AppError when the port cannot be had
 */
export async function startGrpcPort(
  at: GrpcListenAt,
  tls: TlsSource | undefined,
  addServices: (server: GrpcServer) => void,
): Promise<GrpcPort> {
  const server = new GrpcServer({ ...SERVER_LIMITS, maxConnections: at.maxConnections }, tls);
  addServices(server);
  try {
    const port = await server.listen({ host: at.address, port: at.port });
    return { port, close: () => server.close() };
  } catch (error) {
    throw portError(at, error);
  }
}
