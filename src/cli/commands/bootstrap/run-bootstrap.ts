import { resolve } from "node:path";
import { identityFiles } from "../../../agent/identity-files.js";
import type { ControlPlaneConnection } from "../../../envoy/bootstrap/bootstrap.js";
import { CommandError } from "../../command-error.js";
import type { CommandContext } from "../../context.js";
import { controlPlaneToJoin, type JoinOptions, rootsToTrust } from "./control-plane-to-join.js";
import { type BootstrapContentOptions, writtenBootstrap } from "./written-bootstrap.js";

interface CredentialOptions {
  readonly tokenFile?: string;
  readonly identity?: string;
  readonly plaintext?: true;
}

/** The options of `fairlead bootstrap`. */
export type BootstrapCommandOptions = BootstrapContentOptions & JoinOptions & CredentialOptions;

const PLAINTEXT_PORT = 15010;

/** `fairlead bootstrap`, with these options. */
export async function runBootstrap(
  options: BootstrapCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { bootstrap } = await writtenBootstrap(options, context, await connectionOf(options));
  context.stdout.write(`${JSON.stringify(bootstrap, undefined, 2)}\n`);
}

async function connectionOf(
  options: JoinOptions & CredentialOptions,
): Promise<ControlPlaneConnection> {
  const { controlPlane, plaintext, tokenFile, identity } = options;
  if (plaintext === true) {
    return {
      transport: "plaintext",
      ...(controlPlane ?? { host: "127.0.0.1", port: PLAINTEXT_PORT }),
    };
  }
  const server = { transport: "tls", ...controlPlaneToJoin(options) } as const;
  if (identity !== undefined) return { ...server, identity: identityFiles(resolve(identity)) };
  if (tokenFile === undefined) {
    throw new CommandError(
      "a proxy proves who it is by a join token",
      "make one with `fairlead token create`, and give its file with --token-file",
    );
  }
  return {
    ...server,
    rootCertificates: { inline: await rootsToTrust(options) },
    token: { file: resolve(tokenFile) },
  };
}
