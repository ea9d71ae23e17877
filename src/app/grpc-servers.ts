/** The control plane's gRPC ports: plaintext for who is on this machine, TLS for everyone. */
import { createServer } from "node:net";
import { Server, type ServerCredentials } from "@grpc/grpc-js";
import { SERVER_OPTIONS } from "../xds/limits.js";
import { AppError } from "./app-error.js";

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

function formatAddress({ address, port }: ListenAt): string {
  return address.includes(":") ? `[${address}]:${String(port)}` : `${address}:${String(port)}`;
}

/** The error of a port on which we cannot listen, with what to do. */
export function portError(at: ListenAt, cause: unknown): AppError {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const where = formatAddress(at);
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

/** gRPC tells only in words why a port cannot be had; a plain socket says it in a code. */
async function checkFree(at: ListenAt): Promise<void> {
  if (at.port === 0) return;
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once("error", (error) => {
      reject(portError(at, error));
    });
    probe.listen({ host: at.address, port: at.port, exclusive: true }, resolve);
  });
  await new Promise<void>((resolve) => {
    probe.close(() => {
      resolve();
    });
  });
}

/**
 * Serves on a port what `addServices` adds.
 * @throws AppError when the port cannot be had
 */
export async function startGrpcPort(
  at: ListenAt,
  credentials: ServerCredentials,
  addServices: (server: Server) => void,
): Promise<GrpcPort> {
  await checkFree(at);
  const server = new Server(SERVER_OPTIONS);
  addServices(server);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(formatAddress(at), credentials, (error, bound) => {
      if (error === null) resolve(bound);
      else reject(portError(at, error));
    });
  });
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        // Streams of discovery never end by themselves.
        server.forceShutdown();
        server.tryShutdown(() => {
          resolve();
        });
      }),
  };
}
