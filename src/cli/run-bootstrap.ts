import { readFile } from "node:fs/promises";
import { isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import { resolve } from "node:path";
import { formatDiagnostic } from "../base/diagnostic.js";
import { errorMessage } from "../base/error-message.js";
import { GROUP_METADATA } from "../config/node-metadata.js";
import {
  type Bootstrap,
  type BootstrapOptions,
  buildBootstrap,
  type ControlPlaneConnection,
  type SocketAddress,
} from "../envoy/bootstrap.js";
import { type NodeOptions, ON_DEMAND_METADATA } from "../envoy/bootstrap-node.js";
import type { parseHostPort, parseWorkload } from "./arguments.js";
import { CommandError } from "./command-error.js";
import type { CommandContext } from "./context.js";
import type { DeclaredWorkload } from "./declared-workload.js";

interface IdentityOptions {
  readonly workload: ReturnType<typeof parseWorkload>;
  readonly config?: readonly string[];
  readonly serviceAccount?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly gateway?: true;
  readonly address?: string;
  readonly locality?: NonNullable<NodeOptions["locality"]>;
  readonly onDemand?: true;
  readonly group?: string;
}

interface InterceptionOptions {
  readonly mode: "REDIRECT" | "NONE";
  readonly appAddress?: string;
  readonly egressAddress?: string;
  readonly unprivileged?: true;
}

interface ConnectionOptions {
  readonly controlPlane?: ReturnType<typeof parseHostPort>;
  readonly san?: string;
  readonly rootCert?: string;
  readonly state: string;
  readonly tokenFile?: string;
  readonly plaintext?: true;
  readonly protocol: "delta" | "state-of-the-world";
}

interface ListeningOptions {
  readonly adminPort: number;
  readonly statusPort: number;
  readonly metricsPort: number;
  readonly metrics?: true;
  readonly dnsResolver?: readonly SocketAddress[];
}

/** The options of `fairlead bootstrap`. */
export type BootstrapCommandOptions = IdentityOptions &
  InterceptionOptions &
  ConnectionOptions &
  ListeningOptions;

const PLAINTEXT_PORT = 15010;
const TLS_PORT = 15012;

/** `fairlead bootstrap`, with these options. */
export async function runBootstrap(
  options: BootstrapCommandOptions,
  context: CommandContext,
): Promise<void> {
  const bootstrap = await writtenBootstrap(options, context);
  context.stdout.write(`${JSON.stringify(bootstrap, undefined, 2)}\n`);
}

/** The bootstrap; with directories as these declare its workload, and as their EnvoyFilters change it. */
async function writtenBootstrap(
  options: BootstrapCommandOptions,
  { stderr }: CommandContext,
): Promise<Bootstrap> {
  if (options.config === undefined) return buildBootstrap(await bootstrapOptions(options));
  // Loaded when they are needed: reading YAML takes much that nothing else here does, and so do patches.
  const { readDirectories } = await import("./read-directories.js");
  const { findDeclaredGroup, findDeclaredWorkload } = await import("./declared-workload.js");
  const snapshot = await readDirectories(options.config);
  const read = { directories: options.config, tables: snapshot.tables };
  const { workload, group } = options;
  const declared =
    group === undefined
      ? findDeclaredWorkload(read, workload)
      : findDeclaredGroup(read, { name: group, namespace: workload.namespace });
  const { makesMetrics } = await import("../mesh/metrics.js");
  const { meshConfigIn } = await import("../config/mesh-config.js");
  const counts = makesMetrics(snapshot.tables.Telemetry, meshConfigIn(snapshot.tables));
  const unchanged = buildBootstrap({
    ...(await bootstrapOptions(options, declared)),
    makesMetrics: counts || options.metrics === true,
  });
  if (snapshot.tables.EnvoyFilter.size === 0) return unchanged;
  const { createBootstrapFilter } = await import("../up/bootstrap-patches.js");
  const { bootstrap, diagnostics } = await createBootstrapFilter()(snapshot, unchanged);
  for (const one of diagnostics) stderr.write(`${formatDiagnostic(one)}\n`);
  return bootstrap;
}

async function bootstrapOptions(
  options: BootstrapCommandOptions,
  declared?: DeclaredWorkload,
): Promise<BootstrapOptions> {
  const { adminPort, statusPort, metricsPort, dnsResolver } = options;
  const address = options.address ?? machineAddress();
  // Several proxies on one machine each have a loopback address, and keep to it.
  const own = address.startsWith("127.") ? address : undefined;
  const everywhere = own ?? (isIPv6(address) ? "::" : "0.0.0.0");
  return {
    node: nodeOptions(options, address, declared),
    controlPlane: await controlPlaneConnection(options),
    protocol: options.protocol,
    admin: { address: own ?? "127.0.0.1", port: adminPort },
    status: { address: everywhere, port: statusPort },
    metrics: { address: everywhere, port: metricsPort },
    makesMetrics: options.metrics === true,
    ...(declared === undefined ? {} : { statistics: declared.statistics }),
    ...(dnsResolver === undefined ? {} : { dnsResolvers: dnsResolver }),
  };
}

function nodeOptions(
  options: BootstrapCommandOptions,
  address: string,
  declared: DeclaredWorkload | undefined,
): NodeOptions {
  const { workload, locality, appAddress, egressAddress } = options;
  return {
    ...workload,
    type: options.gateway === true || declared?.proxy === "router" ? "router" : "sidecar",
    addresses: [address],
    ...identityOf(options, declared),
    interceptionMode: options.mode,
    unprivileged: options.unprivileged === true,
    ...(locality === undefined ? {} : { locality }),
    ...(appAddress === undefined ? {} : { appAddress }),
    ...(egressAddress === undefined ? {} : { egressAddress }),
  };
}

/** What is given wins over what a Deployment says. */
function identityOf(
  { serviceAccount, labels, onDemand, group }: IdentityOptions,
  declared: DeclaredWorkload | undefined,
): Pick<
  NodeOptions,
  "serviceAccount" | "labels" | "workloadName" | "metadata" | "settings" | "naming"
> {
  return {
    ...(declared === undefined ? {} : { settings: declared.settings, naming: declared.naming }),
    serviceAccount: serviceAccount ?? declared?.serviceAccount ?? "default",
    labels: { ...declared?.labels, ...labels },
    ...(declared === undefined ? {} : { workloadName: declared.name }),
    metadata: {
      ...declared?.nodeMetadata,
      ...(onDemand === true ? ON_DEMAND_METADATA : {}),
      ...(group === undefined ? {} : { [GROUP_METADATA]: group }),
    },
  };
}

async function controlPlaneConnection(options: ConnectionOptions): Promise<ControlPlaneConnection> {
  const { controlPlane, plaintext, tokenFile, san } = options;
  if (plaintext === true) {
    return {
      transport: "plaintext",
      ...(controlPlane ?? { host: "127.0.0.1", port: PLAINTEXT_PORT }),
    };
  }
  if (tokenFile === undefined) {
    throw new CommandError(
      "a proxy proves who it is by a join token",
      "make one with `fairlead token create`, and give its file with --token-file",
    );
  }
  const { host, port } = controlPlane ?? { host: "127.0.0.1", port: TLS_PORT };
  return {
    transport: "tls",
    host,
    port,
    subjectAltName: san ?? host,
    rootCertificates: { inline: await rootCertificates(options) },
    token: { file: resolve(tokenFile) },
  };
}

async function rootCertificates({ rootCert, state }: ConnectionOptions): Promise<string> {
  if (rootCert === undefined) {
    // The root is made by whoever needs it first, so that the order of the commands does not matter.
    const { openAuthority } = await import("../ca/authority.js");
    const authority = await openAuthority({ stateDirectory: resolve(state), now: Date.now });
    return authority.roots.join("");
  }
  try {
    return await readFile(rootCert, "utf8");
  } catch (cause) {
    throw new CommandError(
      `${rootCert} cannot be read: ${errorMessage(cause)}`,
      "--root-cert is a file of PEM, the root of the control plane's authority",
    );
  }
}

/** The first address of this machine that others can reach: one of IPv4 if there is any. */
function machineAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((of) => of ?? []);
  const outward = addresses.filter(
    ({ internal, address }) => !(internal || address.startsWith(LINK_LOCAL)),
  );
  const first = outward.find(({ family }) => family === "IPv4") ?? outward[0];
  return first?.address ?? "127.0.0.1";
}

/** How addresses of IPv6 begin that every machine has, and that only its neighbours can reach. */
const LINK_LOCAL = "fe80:";
