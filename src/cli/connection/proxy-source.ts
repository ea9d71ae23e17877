/**
 * Which proxy a command is about, and where its configuration is read: in a saved answer, at the proxy's own Envoy, or, where
 * that cannot be reached, at the control plane, which knows what it sent and the proxy accepted.
 */
import { type Command, Option } from "commander";
import type { DumpSectionJson } from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { formatHostPort, type HostPort } from "../../base/text/host-port.js";
import { visibleLines } from "../../base/text/visible-text.js";
import type { ConfigDump } from "../../console/config-dump.js";
import type { DebugClient } from "../../debug/api/client.js";
import { CommandError } from "../command-error.js";
import type { CommandContext } from "../context.js";
import { parseHostPort, parsePort } from "../options/arguments.js";
import type { ConnectedProxy, NamedProxyOptions } from "./connected-proxies.js";
import { addConnectionFlags, type ConnectionOptions } from "./connection-options.js";
import { AdminError, askAdmin } from "./envoy-admin.js";
import { readSaved } from "./read-saved.js";

/** The options that say where a proxy is. */
export interface LiveOptions extends ConnectionOptions, NamedProxyOptions {
  readonly admin?: HostPort;
}

/** The options that say where a proxy's configuration is. */
export interface ProxyOptions extends LiveOptions {
  readonly file?: string;
}

/** A proxy whose admin interface answers. */
export interface LiveProxy {
  /** `NAME.NAMESPACE`. */
  readonly id: string;
  readonly admin: HostPort;
}

/** What of a proxy's configuration is asked for. */
export interface Wanted {
  /** At its admin interface, with the query. */
  readonly path: string;
  /** At the control plane: sections of a config dump, and what of them; all when there are none. */
  readonly sections: readonly DumpSectionJson[];
}

/** What is known of a proxy's configuration. */
export interface ProxyAnswer {
  /** `held`: its Envoy's own answer; `accepted`: a config dump of what it was sent and has acknowledged. */
  readonly kind: "held" | "accepted";
  readonly text: string;
  /** `NAME.NAMESPACE`; absent of a saved answer. */
  readonly id?: string;
}

/** Gives a command its argument, the proxy, and the options that say where that is. */
export function withLiveProxy(command: Command, context: CommandContext): Command {
  command
    .argument(
      "[pod]",
      "the proxy: NAME.NAMESPACE, or deployment/NAME.NAMESPACE, svc/NAME.NAMESPACE for one of its pods",
    )
    .option("-n, --namespace <namespace>", "the namespace of a pod that is given without one")
    .addOption(
      new Option("--admin <host:port>", "the admin interface of its Envoy").argParser(
        parseHostPort,
      ),
    )
    .addOption(
      new Option(
        "--proxy-admin-port <port>",
        "the port of its admin interface (default: that which it names)",
      ).argParser(parsePort),
    );
  return addConnectionFlags(command, context);
}

/** The same for a command that also reads a saved answer. */
export function withProxy(command: Command, context: CommandContext): Command {
  command.option(
    "-f, --file <file>",
    "a saved answer of its admin interface; - is the standard input",
  );
  return withLiveProxy(command, context);
}

/** Says what a proxy does not use of what it was sent. */
export function sayIdle({ stderr }: CommandContext, lines: readonly string[]): void {
  stderr.write(visibleLines(lines.map((line) => `note: ${line}`)));
}

/**
 * What a proxy's admin interface answers to what is wanted, or has answered when it was saved; where it cannot be reached, what the
 * proxy has accepted. Says which of these it is.
 * @throws CommandError when nothing says which proxy is meant, or it is not connected
 * @throws AdminError when the admin interface that is named does not answer
 */
export async function readProxy(
  context: CommandContext,
  pod: string | undefined,
  options: ProxyOptions,
  { path, sections }: Wanted,
): Promise<ProxyAnswer> {
  const { admin, file, namespace } = options;
  if (file !== undefined) return { kind: "held", text: await readSaved(context, file) };
  if (admin !== undefined) {
    return heldBy(context, await proxyAt(admin, pod, namespace), path);
  }
  return askForProxy(context, pod, options, async (client, proxy) => {
    if ("admin" in proxy) return heldBy(context, proxy, path);
    const { configDump = "" } = await client.getConfigDump({
      proxy: proxy.id,
      sections: [...sections],
    });
    context.stderr.write(
      visibleLines([
        `what ${proxy.id} was sent and has accepted, by the control plane (${proxy.reason}):`,
      ]),
    );
    return { kind: "accepted", text: configDump, id: proxy.id };
  });
}

async function heldBy(
  { stderr }: CommandContext,
  { id, admin }: LiveProxy,
  path: string,
): Promise<ProxyAnswer> {
  const text = await askAdmin(admin, path);
  stderr.write(visibleLines([`what ${id} holds, by its Envoy at ${formatHostPort(admin)}:`]));
  return { kind: "held", text, id };
}

/** The same as a config dump, for the commands that look at one. */
export async function readDump(
  context: CommandContext,
  pod: string | undefined,
  options: ProxyOptions,
  wanted: Wanted,
): Promise<ConfigDump> {
  return (await readDumpOf(context, pod, options, wanted)).dump;
}

/** A config dump, and whose it is; see `ProxyAnswer`. */
export interface ProxyDump extends Pick<ProxyAnswer, "id"> {
  readonly dump: ConfigDump;
}

/** The same with the proxy that it is of. */
export async function readDumpOf(
  context: CommandContext,
  pod: string | undefined,
  options: ProxyOptions,
  wanted: Wanted,
): Promise<ProxyDump> {
  const { parseCanonicalDump, parseConfigDump } = await import("../../console/config-dump.js");
  const { kind, text, ...whose } = await readProxy(context, pod, options, wanted);
  return { ...whose, dump: kind === "accepted" ? parseCanonicalDump(text) : parseConfigDump(text) };
}

/** A proxy that is connected, and why its admin interface cannot be asked. */
interface FarProxy {
  readonly id: string;
  readonly reason: string;
}

/**
 * Asks the control plane about a proxy that is connected to it.
 * @throws CommandError when nothing says which proxy is meant, or it is not connected
 */
async function askForProxy<Answer>(
  context: CommandContext,
  pod: string | undefined,
  options: LiveOptions,
  ask: (client: DebugClient, proxy: LiveProxy | FarProxy) => Promise<Answer>,
): Promise<Answer> {
  if (pod === undefined) {
    throw new CommandError(
      "nothing says which proxy is meant",
      "give the pod as NAME.NAMESPACE, --admin HOST:PORT, or -f FILE where the command has it",
    );
  }
  const [{ askControlPlane }, { connectedProxy }] = await Promise.all([
    import("./connect.js"),
    import("./connected-proxies.js"),
  ]);
  return askControlPlane(context, options, async (client) =>
    ask(client, await reach(await connectedProxy(client, pod, options))),
  );
}

/** Whether the admin interface that a proxy names is its own: the address is one of its machine, which may be another. */
async function reach({ id, admin }: ConnectedProxy): Promise<LiveProxy | FarProxy> {
  if (admin === undefined) return { id, reason: "it does not say where its admin interface is" };
  try {
    const there = await proxyIdAt(admin);
    if (there === id) return { id, admin };
    return { id, reason: `the Envoy at ${formatHostPort(admin)} of this machine is ${there}` };
  } catch (error) {
    if (error instanceof AdminError) return { id, reason: error.message };
    throw error;
  }
}

/**
 * The proxy that is meant, when its admin interface can be asked.
 * @throws CommandError when it cannot, or nothing says which proxy is meant
 * @throws AdminError when the admin interface that is named does not answer
 */
export async function findLiveProxy(
  context: CommandContext,
  pod: string | undefined,
  options: LiveOptions,
): Promise<LiveProxy> {
  if (options.admin !== undefined) return proxyAt(options.admin, pod, options.namespace);
  const proxy = await askForProxy(context, pod, options, (_client, found) =>
    Promise.resolve(found),
  );
  return requireLive(proxy, "run the command on its machine, or give --admin HOST:PORT");
}

/**
 * A connected proxy whose admin interface can be asked.
 * @throws CommandError when it cannot
 */
export async function liveProxy(proxy: ConnectedProxy): Promise<LiveProxy> {
  return requireLive(await reach(proxy), "run the command on its machine");
}

function requireLive(proxy: LiveProxy | FarProxy, hint: string): LiveProxy {
  if ("admin" in proxy) return proxy;
  throw new CommandError(
    `the admin interface of ${proxy.id} cannot be asked: ${proxy.reason}`,
    hint,
  );
}

/** The proxy at an admin interface; it has to be the one that is meant, if one is. */
async function proxyAt(
  admin: HostPort,
  pod: string | undefined,
  namespace = "default",
): Promise<LiveProxy> {
  const id = await proxyIdAt(admin);
  const meant = pod === undefined || pod.includes(".") ? pod : `${pod}.${namespace}`;
  if (meant !== undefined && meant !== id) {
    throw new CommandError(
      `the Envoy at ${formatHostPort(admin)} is ${id}, not ${meant}`,
      "leave out --admin or the pod: each alone says which proxy is meant",
    );
  }
  return { id, admin };
}

/**
 * The `NAME.NAMESPACE` of the Envoy at an admin interface; the address when its node has no such form.
 * @throws AdminError when it cannot be asked, or no Envoy can have answered that
 */
async function proxyIdAt(admin: HostPort): Promise<string> {
  const answer = await askAdmin(admin, "/server_info");
  try {
    const info = JSON.parse(answer) as { readonly node?: { readonly id?: string } } | null;
    return info?.node?.id?.split("~")[2] ?? formatHostPort(admin);
  } catch (cause) {
    throw new AdminError(
      "refused",
      `what answers at ${formatHostPort(admin)} is no Envoy`,
      "--admin is the admin interface of one: port 15000 in most meshes",
      { cause },
    );
  }
}
