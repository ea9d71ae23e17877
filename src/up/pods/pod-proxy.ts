/** The Envoy of one pod. */
import { join } from "node:path";
import type { ControlPlane } from "../../app.js";
import { defined } from "../../base/defined.js";
import type { Diagnostic } from "../../base/diagnostic.js";
import { makePrivateDirectory, writePrivateFile } from "../../ca/private-file.js";
import {
  type BootstrapOptions,
  buildBootstrap,
  type SocketAddress,
} from "../../envoy/bootstrap/bootstrap.js";
import { buildJoinTokenFile } from "../../envoy/bootstrap/join-credential.js";
import { proxyEnvironment } from "../../envoy/bootstrap/node.js";
import type { EnvoyPatches } from "../../mesh/extension/envoy-filters.js";
import { type FilterBootstrap, patchesFor } from "../envoy/bootstrap-patches.js";
import { type EnvoyProcess, startEnvoy } from "../envoy/envoy-process.js";
import { fileNameOf } from "../state/file-name.js";
import { podNode } from "./pod-node.js";
import type { PlacedPod } from "./pod-plan.js";
import { podId } from "./pods.js";

/** What the proxies of a mesh have in common. */
export interface ProxySettings {
  /** Envoy's executable. */
  readonly binary: string;
  readonly controlPlane: Pick<
    ControlPlane,
    "tlsPort" | "rootCertificates" | "createToken" | "snapshot"
  >;
  /** The control plane's address, which its certificate names. */
  readonly controlPlaneAddress: string;
  /** It may not listen on ports below 1024. */
  readonly unprivileged: boolean;
  /** The form of the protocol in which it is told of changes; delta when absent. */
  readonly protocol?: BootstrapOptions["protocol"];
  /** DNS servers to ask instead of the system's. */
  readonly dnsResolvers?: readonly SocketAddress[];
  /** Holds a directory for each pod. */
  readonly proxyDirectory: string;
  readonly logDirectory: string;
  readonly filterBootstrap: FilterBootstrap;
  /** Told what is wrong with EnvoyFilters for a bootstrap, each time that one is made. */
  readonly onDiagnostics: (diagnostics: readonly Diagnostic[]) => void;
}

/** Istio's ports of a proxy. */
const ADMIN_PORT = 15000;
const STATUS_PORT = 15021;
const METRICS_PORT = 15090;

const TOKEN_TTL_MS = 10 * 60 * 1000;

/** The file that gets the log and the access log of a pod's proxy. */
export function logFileOf(logDirectory: string, pod: PlacedPod): string {
  return join(logDirectory, `${fileNameOf(podId(pod))}.log`);
}

/** Starts the proxy of a pod with a join token of its own. */
export async function launchProxy(settings: ProxySettings, pod: PlacedPod): Promise<EnvoyProcess> {
  const directory = directoryOf(settings, pod);
  await makePrivateDirectory(directory);
  await renewJoinToken(settings, pod);
  const { bootstrap, diagnostics } = await settings.filterBootstrap(
    settings.controlPlane.snapshot(),
    buildBootstrap(bootstrapOptions(settings, pod)),
  );
  settings.onDiagnostics(diagnostics);
  return startEnvoy({
    binary: settings.binary,
    bootstrap,
    environment: proxyEnvironment(bootstrapOptions(settings, pod).node),
    concurrency: pod.concurrency,
    directory,
    logFile: logFileOf(settings.logDirectory, pod),
    admin: { address: pod.addresses.pod, port: ADMIN_PORT },
  });
}

/** The patches of EnvoyFilters that are in the bootstrap of a pod's proxy when it starts now. */
export function patchesOfPod(settings: ProxySettings, pod: PlacedPod): EnvoyPatches {
  if (pod.proxy === "none") return [];
  const { tables } = settings.controlPlane.snapshot();
  return patchesFor(tables, buildBootstrap(bootstrapOptions(settings, pod)));
}

/** Gives the proxy of a pod a new join token, which it uses for its next stream when it has no valid certificate. */
export async function renewJoinToken(settings: ProxySettings, pod: PlacedPod): Promise<void> {
  const { namespace, serviceAccount } = pod;
  const token = await settings.controlPlane.createToken({
    namespace,
    serviceAccount,
    ttlMs: TOKEN_TTL_MS,
    uses: 1,
  });
  await writePrivateFile(tokenFile(settings, pod), JSON.stringify(buildJoinTokenFile(token)));
}

const directoryOf = ({ proxyDirectory }: ProxySettings, pod: PlacedPod): string =>
  join(proxyDirectory, fileNameOf(podId(pod)));

function tokenFile(settings: ProxySettings, pod: PlacedPod): string {
  return join(directoryOf(settings, pod), "join-token.json");
}

function bootstrapOptions(settings: ProxySettings, pod: PlacedPod): BootstrapOptions {
  const { controlPlane, controlPlaneAddress } = settings;
  const { addresses } = pod;
  return {
    node: { ...podNode(pod), unprivileged: settings.unprivileged },
    controlPlane: {
      transport: "tls",
      host: controlPlaneAddress,
      port: controlPlane.tlsPort,
      subjectAltName: controlPlaneAddress,
      rootCertificates: { inline: controlPlane.rootCertificates },
      token: { secretFile: tokenFile(settings, pod) },
    },
    admin: { address: addresses.pod, port: ADMIN_PORT },
    status: { address: addresses.pod, port: STATUS_PORT },
    metrics: { address: addresses.pod, port: METRICS_PORT },
    makesMetrics: pod.makesMetrics,
    statistics: pod.statistics,
    ...defined({ protocol: settings.protocol, dnsResolvers: settings.dnsResolvers }),
  };
}
