import { resolve } from "node:path";
import { columns } from "../base/columns.js";
import { formatLabels } from "../ca/authorize-node.js";
import {
  createToken,
  type JoinToken,
  listTokens,
  openTokenStore,
  revokeToken,
  type TokenStore,
} from "../ca/token-store.js";
import { withCanonicalLabels } from "../envoy/bootstrap-node.js";
import type { parseLabels, parseServiceAccount } from "./arguments.js";
import { CommandError } from "./command-error.js";
import type { CommandContext } from "./context.js";

/** The options of all commands about tokens. */
export interface TokenOptions {
  readonly state: string;
  readonly output: "text" | "json";
}

/** The options of `fairlead token create`. */
export interface CreateOptions extends TokenOptions {
  readonly serviceAccount: ReturnType<typeof parseServiceAccount>;
  readonly ttl: number;
  readonly uses: number;
  readonly labels?: ReturnType<typeof parseLabels>;
}

function openStore({ state }: TokenOptions): Promise<TokenStore> {
  return openTokenStore(resolve(state), Date.now);
}

/** Makes a token and prints it, alone where a program reads it. */
export async function createAndPrint(
  { stdout, stderr }: CommandContext,
  options: CreateOptions,
): Promise<void> {
  const { serviceAccount, ttl: ttlMs, uses: times, labels } = options;
  const { token, text } = await createToken(await openStore(options), {
    ...serviceAccount,
    ttlMs,
    uses: times,
    // Bootstraps have these beside a workload's own.
    ...(labels && { labels: withCanonicalLabels(labels, serviceAccount.serviceAccount) }),
  });
  const secret = text.reveal();
  if (options.output === "json") {
    stdout.write(`${JSON.stringify({ token: secret, ...readable(token) }, undefined, 2)}\n`);
    return;
  }
  stdout.write(`${secret}\n`);
  if (stderr.isTerminal) {
    const uses = token.uses === 1 ? "once" : `${token.uses} times`;
    stderr.write(`good ${uses}, until ${new Date(token.expiresAt).toISOString()}\n`);
  }
}

/** Prints the tokens that are known, without their secrets. */
export async function printList({ stdout }: CommandContext, options: TokenOptions): Promise<void> {
  const tokens = await listTokens(await openStore(options));
  if (options.output === "json") {
    const all = tokens.map((token) => ({ ...readable(token), usesLeft: token.usesLeft }));
    stdout.write(`${JSON.stringify(all, undefined, 2)}\n`);
    return;
  }
  const rows = tokens.map(({ id, namespace, serviceAccount, usesLeft, expiresAt, labels }) => [
    id,
    `${namespace}/${serviceAccount}`,
    labels === undefined ? "any" : formatLabels(labels),
    String(usesLeft),
    new Date(expiresAt).toISOString(),
  ]);
  const heading = ["ID", "SERVICE ACCOUNT", "LABELS", "USES LEFT", "EXPIRES"];
  stdout.write(`${columns([heading, ...rows]).join("\n")}\n`);
}

/** Makes a token worthless. Throws a `CommandError` when there is none of that id. */
export async function revokeAndSay(
  { stderr }: CommandContext,
  id: string,
  options: TokenOptions,
): Promise<void> {
  if (!(await revokeToken(await openStore(options), id))) {
    throw new CommandError(
      `there is no token ${id} in ${options.state}`,
      "`fairlead token list` shows those that there are",
    );
  }
  stderr.write(`revoked ${id}\n`);
}

function readable({ createdAt: _createdAt, expiresAt, ...token }: JoinToken): object {
  return { ...token, expiresAt: new Date(expiresAt).toISOString() };
}
