import { readFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { resolve } from "node:path";
import { Command, Option } from "commander";
import { formatDiagnostic } from "../base/diagnostic.js";
import { errorMessage } from "../base/error-message.js";
import {
  type Bootstrap,
  type BootstrapOptions,
  buildBootstrap,
  type ControlPlaneConnection,
  type SocketAddress,
} from "../envoy/bootstrap.js";
import { type NodeOptions, ON_DEMAND_METADATA } from "../envoy/bootstrap-node.js";
import { GROUP_METADATA } from "../mesh/node-metadata.js";
import {
  collect,
  parseHostPort,
  parseIpAddress,
  parseLabels,
  parseLocality,
  parsePort,
  parseResolver,
  parseWorkload,
} from "./arguments.js";
import { CommandError } from "./command-error.js";
import type { CommandContext } from "./context.js";
import type { DeclaredWorkload } from "./declared-workload.js";
import { defaultStatePath } from "./state-path.js";

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
  readonly dnsResolver?: readonly SocketAddress[];
}

type BootstrapCommandOptions = IdentityOptions &
  InterceptionOptions &
  ConnectionOptions &
  ListeningOptions;

const PLAINTEXT_PORT = 15010;
const TLS_PORT = 15012;

const HELP = `
The bootstrap is complete: a stock Envoy that is started with it joins from any machine that reaches the control plane.
The root certificate is in it; the token stays in its file, which has to be there when Envoy starts. With --config it is as
EnvoyFilters for the BOOTSTRAP change it.

Examples:
  $ fairlead token create --service-account default/default > token
  $ fairlead bootstrap --workload payments-v1-0.default --config examples/shop --token-file token > envoy.json
  $ fairlead bootstrap --workload vm-1.default --group vms --config mesh --token-file token
  $ fairlead bootstrap --workload edge-0.istio-system --gateway --labels istio=ingressgateway --token-file token`;

/** `fairlead bootstrap`. */
export function bootstrapCommand(context: CommandContext): Command {
  const command = new Command("bootstrap")
    .description("print a bootstrap with which a stock Envoy joins the mesh")
    .requiredOption(
      "--workload <name.namespace>",
      "the pod, or what stands for one",
      parseWorkload,
    );
  addIdentityOptions(command);
  addInterceptionOptions(command);
  addConnectionOptions(command, context);
  addListeningOptions(command);
  return command.addHelpText("after", HELP).action(async (options: BootstrapCommandOptions) => {
    const bootstrap = await writtenBootstrap(options, context);
    context.stdout.write(`${JSON.stringify(bootstrap, undefined, 2)}\n`);
  });
}

/** The bootstrap; with directories as these declare its workload, and as their EnvoyFilters change it. */
async function writtenBootstrap(
  options: BootstrapCommandOptions,
  { stderr }: CommandContext,
): Promise<Bootstrap> {
  if (options.config === undefined) return buildBootstrap(await bootstrapOptions(options));
  // Loaded when they are needed: reading YAML takes much that nothing else here does.
  const { readDirectories } = await import("./read-directories.js");
  const { findDeclaredGroup, findDeclaredWorkload } = await import("./declared-workload.js");
  const { createBootstrapFilter } = await import("../up/bootstrap-patches.js");
  const snapshot = await readDirectories(options.config);
  const read = { directories: options.config, tables: snapshot.tables };
  const { workload, group } = options;
  const declared =
    group === undefined
      ? findDeclaredWorkload(read, workload)
      : findDeclaredGroup(read, { name: group, namespace: workload.namespace });
  const unchanged = buildBootstrap(await bootstrapOptions(options, declared));
  const { bootstrap, diagnostics } = await createBootstrapFilter()(snapshot, unchanged);
  for (const one of diagnostics) stderr.write(`${formatDiagnostic(one)}\n`);
  return bootstrap;
}

function addIdentityOptions(command: Command): void {
  command
    .option(
      "--config <dir>",
      "take labels, service account and proxy settings from its Deployment or group; repeatable",
      collect,
    )
    .option("--group <name>", "the WorkloadGroup that it joins, whose probe its Envoy runs")
    .option("--service-account <name>", "whom it runs as (default: default)")
    .option("--labels <k=v,...>", "its labels", parseLabels)
    .option("--gateway", "it is a gateway, not a sidecar")
    .option("--address <ip>", "by which others reach it (default: this machine's)", parseIpAddress)
    .option("--locality <region/zone/subzone>", "where it is", parseLocality)
    .option("--on-demand", "it is sent the hosts that it calls, when it first calls them");
}

function addInterceptionOptions(command: Command): void {
  command
    .addOption(
      new Option("--mode <mode>", "how connections reach it: redirected by iptables, or as called")
        .choices(["REDIRECT", "NONE"])
        .default("REDIRECT"),
    )
    .option("--app-address <ip>", "mode NONE: where the application listens", parseIpAddress)
    .option("--egress-address <ip>", "mode NONE: where to listen for its calls", parseIpAddress)
    .option("--unprivileged", "it may not listen on ports below 1024");
}

function addConnectionOptions(command: Command, { environment }: CommandContext): void {
  command
    .option("--control-plane <host:port>", "default: 127.0.0.1:15012", parseHostPort)
    .option("--san <name>", "the name in its certificate (default: its host)")
    .option("--root-cert <file>", "the root to trust (default: that of --state)")
    .option("--state <dir>", "the control plane's state directory", defaultStatePath(environment))
    .option("--token-file <file>", "the join token")
    .option("--plaintext", "join without TLS, without an identity and secrets")
    .addOption(
      new Option("--protocol <protocol>", "how resources are asked for")
        .choices(["delta", "state-of-the-world"])
        .default("delta"),
    );
}

function addListeningOptions(command: Command): void {
  command
    .option("--admin-port <port>", "of the admin interface", parsePort, 15000)
    .option("--status-port <port>", "of /healthz/ready", parsePort, 15021)
    .option("--metrics-port <port>", "of /stats/prometheus", parsePort, 15090)
    .option("--dns-resolver <ip[:port]>", "a DNS server to ask; repeatable", parseResolver);
}

async function bootstrapOptions(
  options: BootstrapCommandOptions,
  declared?: DeclaredWorkload,
): Promise<BootstrapOptions> {
  const { adminPort, statusPort, metricsPort, dnsResolver } = options;
  const address = options.address ?? machineAddress();
  // Several proxies on one machine each have a loopback address, and keep to it.
  const own = address.startsWith("127.") ? address : undefined;
  return {
    node: nodeOptions(options, address, declared),
    controlPlane: await controlPlaneConnection(options),
    protocol: options.protocol,
    admin: { address: own ?? "127.0.0.1", port: adminPort },
    status: { address: own ?? "0.0.0.0", port: statusPort },
    metrics: { address: own ?? "0.0.0.0", port: metricsPort },
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
): Pick<NodeOptions, "serviceAccount" | "labels" | "workloadName" | "metadata" | "settings"> {
  return {
    ...(declared === undefined ? {} : { settings: declared.settings }),
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

/** The first address of this machine that others can reach. */
function machineAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((of) => of ?? []);
  const outward = addresses.find(({ internal, family }) => !internal && family === "IPv4");
  return outward?.address ?? "127.0.0.1";
}
