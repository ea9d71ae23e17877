import { createServer } from "node:net";
import { UpError } from "./up-error.js";

/** A port that takes a privilege where the system asks for one. */
const LOW_PORT = 80;

/**
 * Whether processes of this user may listen on the ports below 1024 of an address.
 * @throws UpError when the address cannot be listened on at all
 */
export async function mayUseLowPorts(address: string): Promise<boolean> {
  if ((await listenError(address, 0)) !== undefined) {
    throw new UpError(
      "no-loopback",
      `this system has no loopback address ${address}`,
      "each pod needs one of its own: Linux has all of 127.0.0.0/8, elsewhere they must be added to the loopback interface",
    );
  }
  return (await listenError(address, LOW_PORT)) !== "EACCES";
}

/** The system's code for why a port cannot be listened on; undefined when it can. */
export function listenError(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? "UNKNOWN");
    });
    server.listen({ host, port }, () => {
      server.close(() => {
        resolve(undefined);
      });
    });
  });
}
