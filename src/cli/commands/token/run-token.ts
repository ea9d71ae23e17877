import { columns } from "../../../base/text/columns.js";
import { formatLabels } from "../../../base/text/format-labels.js";
import { visibleLines } from "../../../base/text/visible-text.js";
import {
  createToken,
  type JoinToken,
  listTokens,
  openTokenStore,
  revokeToken,
  type TokenStore,
} from "../../../ca/token/token-store.js";
import { withCanonicalLabels } from "../../../envoy/bootstrap/node.js";
import { CommandError } from "../../command-error.js";
import { meantState } from "../../connection/local-control-plane.js";
import type { CommandContext } from "../../context.js";
import type { parseLabels, parseServiceAccount } from "../../options/arguments.js";

/** The options of all commands about tokens. */
export interface TokenOptions {
  readonly state?: string;
  readonly output: "text" | "json";
}

/** The options of `fairlead token create`. */
export interface CreateOptions extends TokenOptions {
  readonly serviceAccount: ReturnType<typeof parseServiceAccount>;
  readonly ttl: number;
  readonly uses: number;
  readonly labels?: ReturnType<typeof parseLabels>;
}

/** The tokens of a control plane, and the directory that they are in. */
async function openStore(
  context: CommandContext,
  { state: named }: TokenOptions,
): Promise<{ readonly store: TokenStore; readonly state: string }> {
  const state = await meantState(context, named);
  return { store: await openTokenStore(state, Date.now), state };
}

/** Makes a token and prints it, alone where a program reads it. */
export async function createAndPrint(
  context: CommandContext,
  options: CreateOptions,
): Promise<void> {
  const { stdout, stderr } = context;
  const { store } = await openStore(context, options);
  const { serviceAccount, ttl: ttlMs, uses: times, labels } = options;
  const { token, text } = await createToken(store, {
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
export async function printList(context: CommandContext, options: TokenOptions): Promise<void> {
  const { stdout } = context;
  const { store } = await openStore(context, options);
  const tokens = await listTokens(store);
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
  stdout.write(visibleLines(columns([heading, ...rows])));
}

/** Makes a token worthless. Throws a `CommandError` when there is none of that id. */
export async function revokeAndSay(
  context: CommandContext,
  id: string,
  options: TokenOptions,
): Promise<void> {
  const { stderr } = context;
  const { store, state } = await openStore(context, options);
  if (!(await revokeToken(store, id))) {
    throw new CommandError(
      `there is no token ${id} in ${state}`,
      "`fairlead token list` shows those that there are",
    );
  }
  stderr.write(visibleLines([`revoked ${id}`]));
}

function readable({ createdAt: _createdAt, expiresAt, ...token }: JoinToken): object {
  return { ...token, expiresAt: new Date(expiresAt).toISOString() };
}
