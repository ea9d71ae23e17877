/** The control plane that a proxy joins, and the roots that it trusts at first. */
import { access, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { errorMessage } from "../../../base/error-message.js";
import type { HostPort } from "../../../base/text/host-port.js";
import { certificatesOfPem } from "../../../ca/certificate/pem.js";
import type { ControlPlaneAddress } from "../../../envoy/bootstrap/control-plane-cluster.js";
import { CommandError } from "../../command-error.js";

/** The options for it. */
export interface JoinOptions {
  readonly controlPlane?: HostPort;
  readonly san?: string;
  readonly rootCert?: string;
  readonly state: string;
}

const TLS_PORT = 15012;

/** Where it is, by default on this machine. */
export function controlPlaneToJoin({ controlPlane, san }: JoinOptions): ControlPlaneAddress {
  const { host, port } = controlPlane ?? { host: "127.0.0.1", port: TLS_PORT };
  return { host, port, subjectAltName: san ?? host };
}

/**
 * PEM of its roots. Where they are those of the state directory they are made by whoever needs them first, so that the order of
 * the commands does not matter.
 * @throws CommandError
 */
export async function rootsToTrust({ rootCert, state }: JoinOptions): Promise<string> {
  if (rootCert !== undefined) return readRootFile(rootCert);
  const { openAuthority } = await import("../../../ca/authority/authority.js");
  const authority = await openAuthority({ stateDirectory: resolve(state), now: Date.now });
  return authority.roots.join("");
}

/**
 * The same of a control plane that may run on another machine: undefined when no file is named and no control plane ever ran on
 * the state directory.
 * @throws CommandError
 */
export async function givenRoots(options: JoinOptions): Promise<string | undefined> {
  const { authorityDirectory } = await import("../../../ca/authority/slot-source.js");
  const isHere = await access(join(authorityDirectory(resolve(options.state)))).then(
    () => true,
    () => false,
  );
  return options.rootCert !== undefined || isHere ? rootsToTrust(options) : undefined;
}

async function readRootFile(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new CommandError(`${path} cannot be read: ${errorMessage(cause)}`, ROOT_HINT);
  });
  if (certificatesOfPem(text).length > 0) return text;
  throw new CommandError(`${path} has no certificate`, ROOT_HINT);
}

const ROOT_HINT =
  "--root-cert is a file of PEM, the root of the control plane's authority: `fairlead ca root` prints it there";
