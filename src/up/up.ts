/** A whole mesh on this machine: the control plane, the pods with their proxies and applications, and what they need. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import pino from "pino";
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from "../app.js";
import { defined } from "../base/defined.js";
import type { SocketAddress } from "../envoy/bootstrap/bootstrap.js";
import { startEchoApplications } from "./echo/echo.js";
import { createBootstrapFilter } from "./envoy/bootstrap-patches.js";
import { type EnvoyBinary, type EnvoyPlaces, findEnvoy } from "./envoy/envoy-binary.js";
import { startReaper } from "./envoy/reaper.js";
import { SYSTEM_CLOCK } from "./envoy/supervisor.js";
import { LocalMesh } from "./local-mesh.js";
import { mayUseLowPorts } from "./machine.js";
import { openDevelopmentCertificates } from "./made/development-certificates.js";
import { openMadeDirectory } from "./made/made-directory.js";
import type { MeshEvent } from "./mesh-event.js";
import type { SlotShare } from "./pods/addresses.js";
import { launchProxy, type ProxySettings, patchesOfPod, renewJoinToken } from "./pods/pod-proxy.js";
import { openSlotStore } from "./pods/slot-store.js";
import {
  boundLogs,
  openStateDirectory,
  type StateDirectory,
  setLogsAside,
} from "./state/state-directory.js";
import { UpError } from "./up-error.js";

/** The authority that is given to the control plane, and whom that may call. */
type Given = Pick<
  ControlPlaneOptions,
  "cacertsDir" | "discoverKeys" | "discoverRootsFile" | "fetchModules" | "fetchRootsFile"
>;

/** What to start. */
export interface UpOptions extends Given {
  /** The directory of YAML. */
  readonly directory: string;
  readonly secretsDirectory?: string;
  readonly stateDirectory: string;
  /** How long workload certificates are valid, in milliseconds; a day when absent. */
  readonly workloadTtlMs?: number;
  /** The control plane's ports; 0 takes any. */
  readonly ports: { readonly plaintext: number; readonly tls: number; readonly http: number };
  readonly envoy: EnvoyPlaces;
  /** Whether servers on this machine stand in for hosts outside the mesh. */
  readonly standIns: boolean;
  /** Of the addresses of this machine's meshes those that it may have; any when absent. */
  readonly slots?: SlotShare;
  /** DNS servers that the proxies ask instead of the system's. */
  readonly dnsResolvers?: readonly SocketAddress[];
  /** Of the control plane's log file; pino's words. */
  readonly logLevel: string;
  readonly onEvent: (event: MeshEvent) => void;
  /** The program of the echo applications' thread; the one beside this module when absent. */
  readonly echoProgram?: URL;
}

/** A mesh that runs. */
export interface Up {
  readonly controlPlane: ControlPlane;
  readonly envoy: EnvoyBinary;
  readonly mesh: LocalMesh;
  /** The root of the development certificates. */
  readonly rootFile: string;
  readonly logDirectory: string;
  /** Ends all of it; leaves no process. */
  close(): Promise<void>;
}

/** What was opened, to be closed in the opposite order. */
type Closers = (() => Promise<void>)[];

const ADDRESS = "127.0.0.1";
/** Of the network in which pods have their addresses. */
const A_POD_ADDRESS = "127.30.0.1";
const LOG_CHECK_MS = 30_000;
const MAX_LOG_BYTES = 64 * 2 ** 20;

/**
 * Starts the control plane; `mesh.start()` then starts the pods.
 * @throws UpError, and what the control plane and the state directory throw; nothing is left running then
 */
export async function startUp(options: UpOptions): Promise<Up> {
  const closers: Closers = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return { ...(await startParts(options, closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startParts(options: UpOptions, closers: Closers): Promise<Omit<Up, "close">> {
  await checkDirectory(options.directory);
  const envoy = await findEnvoy(options.envoy);
  const unprivileged = !(await mayUseLowPorts(A_POD_ADDRESS));
  const state = await openStateDirectory(options.stateDirectory);
  closers.push(() => state.release());
  await setLogsAside(state.logs);
  const made = await openMadeDirectory(state.made);
  const certificates = await openDevelopmentCertificates(state.development);
  const slots = await openSlotStore(state.addressesFile, state.path, options.slots);
  const controlPlane = await startControlPlane(controlPlaneOptions(options, state));
  closers.push(() => controlPlane.close());
  closers.push(watchLogs(state.logs));
  const reaper = startReaper();
  closers.push(() => {
    reaper.close();
    return Promise.resolve();
  });
  const settings = proxySettings(options, { envoy, controlPlane, state, unprivileged });
  const mesh = new LocalMesh({
    controlPlane,
    proxies: {
      launch: (pod) => launchProxy(settings, pod),
      bootstrapPatches: (pod) => patchesOfPod(settings, pod),
      readmit: (pod) => renewJoinToken(settings, pod),
    },
    made,
    slots,
    certificates,
    applications: startEchoApplications(options.echoProgram),
    onProcesses: (pids) => {
      reaper.watch(pids);
    },
    standIns: options.standIns,
    onEvent: options.onEvent,
    clock: SYSTEM_CLOCK,
  });
  closers.push(() => mesh.close());
  return {
    controlPlane,
    envoy,
    mesh,
    rootFile: certificates.rootFile,
    logDirectory: state.logs,
  };
}

/** What proxies are started with. */
interface ProxySources {
  readonly envoy: EnvoyBinary;
  readonly controlPlane: ControlPlane;
  readonly state: StateDirectory;
  readonly unprivileged: boolean;
}

function proxySettings(
  { dnsResolvers, onEvent }: UpOptions,
  { envoy, controlPlane, state, unprivileged }: ProxySources,
): ProxySettings {
  return {
    binary: envoy.file,
    controlPlane,
    controlPlaneAddress: ADDRESS,
    unprivileged,
    ...defined({ dnsResolvers }),
    proxyDirectory: state.proxies,
    logDirectory: state.logs,
    filterBootstrap: createBootstrapFilter(),
    onDiagnostics: (diagnostics) => {
      onEvent({ kind: "diagnostics", diagnostics });
    },
  };
}

function controlPlaneOptions(
  { directory, secretsDirectory, ports, logLevel, workloadTtlMs, ...given }: UpOptions,
  state: StateDirectory,
): ControlPlaneOptions {
  const { cacertsDir, discoverKeys, discoverRootsFile, fetchModules, fetchRootsFile } = given;
  return {
    // The user's first: where both have a resource of one name, theirs is in force.
    configDirs: [directory],
    madeDir: state.made,
    stateDir: state.path,
    ...defined({ secretsDir: secretsDirectory, workloadTtlMs, cacertsDir }),
    ...defined({ discoverKeys, discoverRootsFile, fetchModules, fetchRootsFile }),
    address: ADDRESS,
    plaintextPort: ports.plaintext,
    tlsPort: ports.tls,
    httpPort: ports.http,
    tlsNames: [ADDRESS],
    logger: pino(
      { level: logLevel },
      pino.destination({ dest: join(state.logs, "control-plane.log"), sync: false }),
    ),
  };
}

async function checkDirectory(directory: string): Promise<void> {
  const stats = await stat(directory).catch(() => undefined);
  if (stats?.isDirectory() === true) return;
  const problem = stats === undefined ? "does not exist" : "is not a directory";
  throw new UpError(
    "no-directory",
    `${directory} ${problem}`,
    "give the directory that holds the mesh's YAML files, such as examples/shop",
  );
}

/** Keeps log files from growing without end; returns how to end that. */
function watchLogs(directory: string): () => Promise<void> {
  const timer = setInterval(() => {
    // A log that cannot be looked at now is looked at the next time.
    boundLogs(directory, MAX_LOG_BYTES).catch(() => undefined);
  }, LOG_CHECK_MS);
  return () => {
    clearInterval(timer);
    return Promise.resolve();
  };
}
