/** A gRPC server on a Unix socket, for who owns the state directory. */

import { chmod, rm } from "node:fs/promises";
import { connect } from "node:net";
import { errorMessage } from "../../base/error-message.js";
import { MAX_SOCKET_PATH_BYTES } from "../../config/kinds/value/addresses.js";
import { GrpcServer } from "../../grpc/server.js";
import { SERVER_LIMITS } from "../../xds/limits.js";
import { AppError } from "../app-error.js";

/** Whether somebody answers there. */
function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", () => {
      resolve(false);
    });
  });
}

/**
 * Serves on a socket what `addServices` adds; a socket that a dead process left is replaced. Its directory has to be private:
 * the socket is so only a moment after it is there. The result ends it.
 * @throws AppError when the socket cannot be had
 */
export async function startGrpcSocket(
  path: string,
  addServices: (server: GrpcServer) => void,
): Promise<() => Promise<void>> {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    throw new AppError("socket-unusable", `${path} is too long for a socket's address`, {
      hint: `choose a state directory of a shorter path with --state`,
    });
  }
  if (await isServed(path)) {
    throw new AppError("socket-unusable", `another process answers on ${path}`, {
      hint: "give each control plane a state directory of its own with --state",
    });
  }
  await rm(path, { force: true });
  const server = new GrpcServer(SERVER_LIMITS);
  addServices(server);
  try {
    await server.listen({ path });
  } catch (error) {
    const why = errorMessage(error);
    throw new AppError("socket-unusable", `cannot listen on ${path}: ${why}`, {
      hint: "choose another state directory with --state",
      cause: error,
    });
  }
  await chmod(path, 0o600);
  return () => server.close();
}
