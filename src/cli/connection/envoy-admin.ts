/** Questions to the admin interface of an Envoy. */
import { request } from "node:http";
import { errorMessage } from "../../base/error-message.js";
import { formatHostPort, type HostPort } from "../../base/text/host-port.js";

/** An admin interface that did not do what it was asked. */
export class AdminError extends Error {
  readonly code: "unreachable" | "refused";
  readonly hint: string;

  constructor(code: AdminError["code"], message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AdminError";
    this.code = code;
    this.hint = hint;
  }
}

const TIMEOUT_MS = 5000;
/** A dump of some tens of thousands of clusters; what is larger comes from no Envoy of a mesh. */
const MAX_ANSWER_BYTES = 512 * 1024 * 1024;

/**
 * What the admin interface answers; `path` has its query.
 * @throws AdminError when it cannot be reached, or answers with an error
 */
export async function askAdmin(
  at: HostPort,
  path: string,
  method: "GET" | "POST" = "GET",
): Promise<string> {
  const { status, body } = await send(at, path, method).catch((cause: unknown) => {
    throw new AdminError(
      "unreachable",
      `the admin interface at ${formatHostPort(at)} cannot be reached: ${errorMessage(cause)}`,
      "is its Envoy running, and on this machine? --admin HOST:PORT says where else it is",
      { cause },
    );
  });
  if (status === 200) return body;
  throw new AdminError(
    "refused",
    `the admin interface at ${formatHostPort(at)} answered ${path} with ${status}: ${body.trim()}`,
    "is an Envoy there? its own admin interface answers to a browser too",
  );
}

function send(
  { host, port }: HostPort,
  path: string,
  method: "GET" | "POST",
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host, port, path, method, agent: false }, (incoming) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      incoming.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_ANSWER_BYTES) outgoing.destroy(new Error("the answer is too large"));
        else chunks.push(chunk);
      });
      incoming.once("error", reject);
      incoming.once("end", () => {
        const body = Buffer.concat(chunks).toString("utf8");
        resolve({ status: incoming.statusCode ?? 0, body });
      });
    });
    outgoing.setTimeout(TIMEOUT_MS, () => {
      outgoing.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`));
    });
    outgoing.once("error", reject);
    outgoing.end();
  });
}
