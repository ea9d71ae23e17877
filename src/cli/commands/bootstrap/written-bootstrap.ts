/** The bootstrap of a proxy, by the options of a command. */
import { isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import { defined } from "../../../base/defined.js";
import { diagnosticLines } from "../../../base/diagnostic.js";
import { visibleLines } from "../../../base/text/visible-text.js";
import { COMMAND_PROBE_METADATA, GROUP_METADATA } from "../../../config/node-metadata.js";
import {
  type Bootstrap,
  type BootstrapOptions,
  buildBootstrap,
  type ControlPlaneConnection,
  type SocketAddress,
} from "../../../envoy/bootstrap/bootstrap.js";
import { type NodeOptions, ON_DEMAND_METADATA } from "../../../envoy/bootstrap/node.js";
import type { CommandContext } from "../../context.js";
import type { parseWorkload } from "../../options/arguments.js";
import type { DeclaredWorkload } from "./declared-workload.js";

interface WorkloadOptions {
  readonly workload: ReturnType<typeof parseWorkload>;
  readonly config?: readonly string[];
  readonly serviceAccount?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly gateway?: true;
  readonly address?: string;
  readonly locality?: NonNullable<NodeOptions["locality"]>;
  readonly onDemand?: true;
  readonly group?: string;
  readonly commandProbe?: true;
}

interface InterceptionOptions {
  readonly mode: "REDIRECT" | "NONE";
  readonly appAddress?: string;
  readonly egressAddress?: string;
  readonly unprivileged?: true;
}

interface ProtocolOptions {
  readonly protocol: "delta" | "state-of-the-world";
}

interface ListeningOptions {
  readonly adminPort: number;
  readonly statusPort: number;
  readonly metricsPort: number;
  readonly metrics?: true;
  readonly dnsResolver?: readonly SocketAddress[];
}

/** What a bootstrap has, beside the way to its control plane. */
export type BootstrapContentOptions = WorkloadOptions &
  InterceptionOptions &
  ProtocolOptions &
  ListeningOptions;

/** A bootstrap, and of what it is made. */
export interface WrittenBootstrap {
  readonly bootstrap: Bootstrap;
  readonly node: NodeOptions;
  readonly admin: SocketAddress;
}

/**
 * The bootstrap; with directories as these declare its workload, and as their EnvoyFilters change it.
 * @throws CommandError
 */
export async function writtenBootstrap(
  options: BootstrapContentOptions,
  { stderr }: CommandContext,
  controlPlane: ControlPlaneConnection,
): Promise<WrittenBootstrap> {
  if (options.config === undefined) return built(bootstrapOptions(options, controlPlane));
  // Loaded when they are needed: reading YAML takes much that nothing else here does, and so do patches.
  const { readDirectories } = await import("../../input/read-directories.js");
  const { findDeclaredGroup, findDeclaredWorkload } = await import("./declared-workload.js");
  const snapshot = await readDirectories(options.config);
  const read = { directories: options.config, tables: snapshot.tables };
  const { workload, group } = options;
  const declared =
    group === undefined
      ? findDeclaredWorkload(read, workload)
      : findDeclaredGroup(read, { name: group, namespace: workload.namespace });
  const { makesMetrics } = await import("../../../mesh/telemetry/metrics.js");
  const { meshConfigIn } = await import("../../../config/mesh-config/mesh-config.js");
  const counts = makesMetrics(snapshot.tables.Telemetry, meshConfigIn(snapshot.tables));
  const unchanged = built({
    ...bootstrapOptions(options, controlPlane, declared),
    makesMetrics: counts || options.metrics === true,
  });
  if (snapshot.tables.EnvoyFilter.size === 0) return unchanged;
  const { createBootstrapFilter } = await import("../../../up/envoy/bootstrap-patches.js");
  const { bootstrap, diagnostics } = await createBootstrapFilter()(snapshot, unchanged.bootstrap);
  stderr.write(visibleLines(diagnostics.flatMap(diagnosticLines)));
  return { ...unchanged, bootstrap };
}

type MadeOf = BootstrapOptions & { readonly admin: SocketAddress };

function built(options: MadeOf): WrittenBootstrap {
  return { bootstrap: buildBootstrap(options), node: options.node, admin: options.admin };
}

function bootstrapOptions(
  options: BootstrapContentOptions,
  controlPlane: ControlPlaneConnection,
  declared?: DeclaredWorkload,
): MadeOf {
  const { adminPort, statusPort, metricsPort, dnsResolver } = options;
  const address = options.address ?? machineAddress();
  // Several proxies on one machine each have a loopback address, and keep to it.
  const own = address.startsWith("127.") ? address : undefined;
  const everywhere = own ?? (isIPv6(address) ? "::" : "0.0.0.0");
  return {
    node: nodeOptions(options, address, declared),
    controlPlane,
    protocol: options.protocol,
    admin: { address: own ?? "127.0.0.1", port: adminPort },
    status: { address: everywhere, port: statusPort },
    metrics: { address: everywhere, port: metricsPort },
    makesMetrics: options.metrics === true,
    ...defined({ statistics: declared?.statistics, dnsResolvers: dnsResolver }),
  };
}

function nodeOptions(
  options: BootstrapContentOptions,
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
    ...defined({ locality, appAddress, egressAddress }),
  };
}

/** What is given wins over what a Deployment says. */
function identityOf(
  { serviceAccount, labels, onDemand, group, commandProbe }: WorkloadOptions,
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
      ...(commandProbe === true ? { [COMMAND_PROBE_METADATA]: "true" } : {}),
    },
  };
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
