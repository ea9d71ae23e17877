import { once } from "node:events";
import { connect } from "node:net";
import { errorMessage } from "../../../base/error-message.js";
import { CommandError } from "../../command-error.js";

const TIMEOUT_MS = 2000;

/**
 * Resolves when something listens at a URL.
 * @throws CommandError with that hint when nothing does, or when it is no URL
 */
export async function requireAnswer(text: string, hint: string): Promise<void> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new CommandError(`${text} is no address of a web page`, "one begins with http://");
  }
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const socket = connect({ host, port });
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (cause) {
    throw new CommandError(`nothing answers at ${text}: ${errorMessage(cause)}`, hint);
  } finally {
    socket.destroy();
  }
}
