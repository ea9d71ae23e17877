import { resolve } from "node:path";
import { Command, Option } from "commander";
import {
  createToken,
  type JoinToken,
  listTokens,
  openTokenStore,
  revokeToken,
  type TokenStore,
} from "../ca/token-store.js";
import { columns } from "../up/columns.js";
import { parseCount, parseServiceAccount, parseTtl } from "./arguments.js";
import { CommandError } from "./command-error.js";
import type { CommandContext } from "./context.js";
import { defaultStatePath } from "./state-path.js";

interface TokenOptions {
  readonly state: string;
  readonly output: "text" | "json";
}

interface CreateOptions extends TokenOptions {
  readonly serviceAccount: ReturnType<typeof parseServiceAccount>;
  readonly ttl: number;
  readonly uses: number;
}

/** `fairlead token`: the one-time secrets by which proxies join. */
export function tokenCommand(context: CommandContext): Command {
  const create = withOptions(context, new Command("create"))
    .description("make a join token and print it")
    .requiredOption("--service-account <ns/name>", "whom it lets in", parseServiceAccount)
    .option("--ttl <time>", "how long it is good for", parseTtl, parseTtl("10m"))
    .option("--uses <n>", "how many times it can be used", parseCount, 1)
    .addHelpText(
      "after",
      "\nExample:\n  $ fairlead token create --service-account default/payments --ttl 10m > token",
    )
    .action((options: CreateOptions) => createAndPrint(context, options));
  const list = withOptions(context, new Command("list"))
    .description("list the tokens that are known, without their secrets")
    .addHelpText("after", "\nExample:\n  $ fairlead token list")
    .action((options: TokenOptions) => printList(context, options));
  const revoke = withOptions(context, new Command("revoke"))
    .description("make a token worthless")
    .argument("<id>", "as `fairlead token list` shows it")
    .addHelpText("after", "\nExample:\n  $ fairlead token revoke k3v5wq2m7a")
    .action((id: string, options: TokenOptions) => revokeAndSay(context, id, options));
  return new Command("token")
    .description("the secrets by which proxies join the mesh")
    .addCommand(create)
    .addCommand(list)
    .addCommand(revoke);
}

function withOptions({ environment }: CommandContext, command: Command): Command {
  return command
    .option("--state <dir>", "the control plane's state directory", defaultStatePath(environment))
    .addOption(
      new Option("-o, --output <format>", "how").choices(["text", "json"]).default("text"),
    );
}

function openStore({ state }: TokenOptions): Promise<TokenStore> {
  return openTokenStore(resolve(state), Date.now);
}

async function createAndPrint(
  { stdout, stderr }: CommandContext,
  options: CreateOptions,
): Promise<void> {
  const { token, text } = await createToken(await openStore(options), {
    ...options.serviceAccount,
    ttlMs: options.ttl,
    uses: options.uses,
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

async function printList({ stdout }: CommandContext, options: TokenOptions): Promise<void> {
  const tokens = await listTokens(await openStore(options));
  if (options.output === "json") {
    const all = tokens.map((token) => ({ ...readable(token), usesLeft: token.usesLeft }));
    stdout.write(`${JSON.stringify(all, undefined, 2)}\n`);
    return;
  }
  const rows = tokens.map(({ id, namespace, serviceAccount, usesLeft, expiresAt }) => [
    id,
    `${namespace}/${serviceAccount}`,
    String(usesLeft),
    new Date(expiresAt).toISOString(),
  ]);
  const heading = ["ID", "SERVICE ACCOUNT", "USES LEFT", "EXPIRES"];
  stdout.write(`${columns([heading, ...rows]).join("\n")}\n`);
}

async function revokeAndSay(
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

function readable({ id, namespace, serviceAccount, uses, expiresAt }: JoinToken): object {
  return { id, namespace, serviceAccount, uses, expiresAt: new Date(expiresAt).toISOString() };
}
