/** Which proxy a command is about, and where its configuration is read: a saved answer, or the proxy's own Envoy. */
import { readFile } from "node:fs/promises";
import { type Command, Option } from "commander";
import { errorMessage } from "../base/error-message.js";
import { parseHostPort } from "./arguments.js";
import { CommandError } from "./command-error.js";
import type { CommandContext } from "./context.js";
import { type AdminAddress, askAdmin, formatAdmin } from "./envoy-admin.js";

/** The options that say where a proxy is. */
export interface LiveOptions {
  readonly admin?: AdminAddress;
  readonly namespace?: string;
}

/** The options that say where a proxy's configuration is. */
export interface ProxyOptions extends LiveOptions {
  readonly file?: string;
}

/** A proxy whose admin interface answers. */
export interface LiveProxy {
  /** `NAME.NAMESPACE`. */
  readonly id: string;
  readonly admin: AdminAddress;
}

/** Gives a command its argument, the proxy, and the options that say where that is. */
export function withLiveProxy(command: Command): Command {
  return command
    .argument("[pod]", "the proxy, as NAME.NAMESPACE")
    .option("-n, --namespace <namespace>", "of a pod that is given by its name alone")
    .addOption(
      new Option("--admin <host:port>", "the admin interface of its Envoy").argParser(
        parseHostPort,
      ),
    );
}

/** The same for a command that also reads a saved answer. */
export function withProxy(command: Command): Command {
  return withLiveProxy(command).option(
    "-f, --file <file>",
    "a saved answer of its admin interface; - is the standard input",
  );
}

/**
 * The text that a proxy's admin interface answers to `path`, or has answered when it was saved. Says which it is.
 * @throws CommandError when nothing says where that is, or another proxy is there
 * @throws AdminError when the admin interface does not answer
 */
export async function readProxy(
  { stderr }: Pick<CommandContext, "stderr">,
  pod: string | undefined,
  options: ProxyOptions,
  path: string,
): Promise<string> {
  if (options.file !== undefined) return readSaved(options.file);
  const { id, admin } = await findProxy(pod, options);
  const text = await askAdmin(admin, path);
  stderr.write(`what ${id} holds, by its Envoy at ${formatAdmin(admin)}:\n`);
  return text;
}

/** Says what a proxy does not use of what it was sent. */
export function sayIdle({ stderr }: CommandContext, lines: readonly string[]): void {
  for (const line of lines) stderr.write(`note: ${line}\n`);
}

/**
 * The proxy that is meant, when its admin interface can be reached.
 * @throws CommandError when nothing says where that is, or another proxy is there
 * @throws AdminError when the admin interface does not answer
 */
export async function findProxy(
  pod: string | undefined,
  { admin, namespace = "default" }: LiveOptions,
): Promise<LiveProxy> {
  if (admin === undefined) {
    throw new CommandError(
      "nothing says where the proxy is",
      "give --admin HOST:PORT, the admin interface of its Envoy, or -f FILE, a saved answer of it",
    );
  }
  const id = proxyIdOf(await askAdmin(admin, "/server_info"), admin) ?? formatAdmin(admin);
  const meant = pod === undefined || pod.includes(".") ? pod : `${pod}.${namespace}`;
  if (meant !== undefined && meant !== id) {
    throw new CommandError(
      `the Envoy at ${formatAdmin(admin)} is ${id}, not ${meant}`,
      "leave out --admin or the pod: each alone says which proxy is meant",
    );
  }
  return { id, admin };
}

/**
 * The `NAME.NAMESPACE` of an Envoy, out of its `/server_info`; undefined when its node has no such form.
 * @throws CommandError when no Envoy can have answered that
 */
function proxyIdOf(serverInfo: string, admin: AdminAddress): string | undefined {
  try {
    const info = JSON.parse(serverInfo) as { readonly node?: { readonly id?: string } } | null;
    return info?.node?.id?.split("~")[2];
  } catch {
    throw new CommandError(
      `what answers at ${formatAdmin(admin)} is no Envoy`,
      "--admin is the admin interface of one: port 15000 in most meshes",
    );
  }
}

async function readSaved(file: string): Promise<string> {
  try {
    return await readFile(file === "-" ? "/dev/stdin" : file, "utf8");
  } catch (cause) {
    throw new CommandError(
      `${file} cannot be read: ${errorMessage(cause)}`,
      "-f is a file with what the admin interface of an Envoy answered",
    );
  }
}
