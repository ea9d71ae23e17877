/** Finds the control plane that a command asks: the one that is named, else one that runs on this machine. */
import { join, resolve } from "node:path";
import { readOwnDescriptors } from "../../app/package-files.js";
import { errorMessage } from "../../base/error-message.js";
import {
  type DebugAddress,
  DebugCallError,
  type DebugClient,
  formatDebugAddress,
  openDebugClient,
} from "../../debug/api/client.js";
import { DEBUG_SOCKET } from "../../debug/api/debug-names.js";
import { CommandError } from "../command-error.js";
import type { CommandContext } from "../context.js";
import type { ConnectionOptions } from "./connection-options.js";
import { answers, servedSocket, usualSockets } from "./local-control-plane.js";

/** No control plane runs where a command looked for one. */
export class NoControlPlaneError extends CommandError {
  constructor(message: string, hint: string) {
    super(message, hint);
    this.name = "NoControlPlaneError";
  }
}

const LOOPBACK = { kind: "plaintext", host: "127.0.0.1", port: 15010 } as const;
const START_ONE = "start one with `fairlead up DIRECTORY` or `fairlead serve`";

async function findLocal(environment: CommandContext["environment"]): Promise<DebugAddress> {
  const sockets = await usualSockets(environment);
  const path = await servedSocket(sockets);
  if (path !== undefined) return { kind: "socket", path };
  if (await answers(LOOPBACK)) return LOOPBACK;
  throw new NoControlPlaneError(
    `no control plane runs on this machine: nobody answers on ${sockets[0] ?? ""} or ${formatDebugAddress(LOOPBACK)}`,
    `${START_ONE}; one that was given a --state is found by that, one elsewhere by --xds-address`,
  );
}

async function findIn(state: string): Promise<DebugAddress> {
  const path = join(resolve(state), DEBUG_SOCKET);
  if (await answers({ path })) return { kind: "socket", path };
  throw new NoControlPlaneError(
    `no control plane runs on ${state}: nobody answers on ${path}`,
    `${START_ONE}, or give the state directory of one that runs`,
  );
}

/** Without TLS a control plane elsewhere answers nobody, so TLS is what an address alone means. */
function namedAddress(
  at: NonNullable<ConnectionOptions["xdsAddress"]>,
  { plaintext, certDir, authority }: ConnectionOptions,
): DebugAddress {
  if (plaintext === true) return { kind: "plaintext", ...at };
  if (certDir === undefined) {
    throw new CommandError(
      "--xds-address says whom to call, but nothing says how",
      "add --plaintext for a control plane on this machine, or --cert-dir with an operator's certificate",
    );
  }
  return {
    kind: "tls",
    ...at,
    certificates: resolve(certDir),
    ...(authority === undefined ? {} : { authority }),
  };
}

async function findAddress(
  { environment }: CommandContext,
  options: ConnectionOptions,
): Promise<DebugAddress> {
  if (options.xdsAddress !== undefined) return namedAddress(options.xdsAddress, options);
  return options.state === undefined ? findLocal(environment) : findIn(options.state);
}

async function open(address: DebugAddress): Promise<DebugClient> {
  const api = await readOwnDescriptors();
  try {
    return await openDebugClient(address, api);
  } catch (cause) {
    throw new CommandError(
      `the certificates cannot be read: ${errorMessage(cause)}`,
      "--cert-dir is a directory with cert-chain.pem, key.pem and root-cert.pem",
    );
  }
}

/**
 * Asks the control plane that the options name, see `addConnectionFlags`. The hints are for what it may answer, over the usual ones.
 * @throws CommandError when there is none, or it does not answer
 */
export async function askControlPlane<Answer>(
  context: CommandContext,
  options: ConnectionOptions,
  ask: (client: DebugClient) => Promise<Answer>,
  hints: Hints = {},
): Promise<Answer> {
  const client = await open(await findAddress(context, options));
  try {
    return await ask(client);
  } catch (error) {
    if (!(error instanceof DebugCallError)) throw error;
    const { statusName, details } = error;
    const message = ABOUT_THE_QUESTION.has(statusName) ? details : error.message;
    throw new CommandError(message, hints[statusName] ?? hintFor(error));
  } finally {
    client.close();
  }
}

/** Who was asked is of no interest then. */
const ABOUT_THE_QUESTION: ReadonlySet<string> = new Set(["NOT_FOUND", "INVALID_ARGUMENT"]);

/** What to do, by the status of an answer. */
type Hints = Readonly<Partial<Record<string, string>>>;

const HINTS: Hints = {
  UNAVAILABLE: "is a control plane running there? `--xds-address` and `--state` say where it is",
  NOT_FOUND: "`fairlead proxy-status` shows the proxies that are connected",
  UNAUTHENTICATED:
    "give an operator's certificate with --cert-dir, or ask on the control plane's machine",
  PERMISSION_DENIED: "give an operator's certificate with --cert-dir",
  UNIMPLEMENTED: "it is older than this command: ask it with the fairlead of its version",
  ABORTED: "try again in a moment",
};

function hintFor({ statusName }: DebugCallError): string {
  return HINTS[statusName] ?? "its log says more";
}
