/**
 * A mesh without `up`: a control plane alone, as `fairlead serve` runs it, and real Envoys that joined it by a bootstrap and
 * a token. It is given no certificates but those of the test, and its control plane can be stopped while the proxies go on.
 */

import { join } from "node:path";
import { vi } from "vitest";
import {
  type ControlPlane,
  type ControlPlaneOptions,
  startControlPlane,
} from "../../../src/app.js";
import { desiredMesh } from "../../../src/up/desired-mesh.js";
import { startEchoApplications } from "../../../src/up/echo/echo.js";
import { podListeners } from "../../../src/up/echo/echo-ports.js";
import { createBootstrapFilter } from "../../../src/up/envoy/bootstrap-patches.js";
import { findEnvoy } from "../../../src/up/envoy/envoy-binary.js";
import type { EnvoyProcess } from "../../../src/up/envoy/envoy-process.js";
import { assignSlots, podAddresses } from "../../../src/up/pods/addresses.js";
import type { PlacedPod } from "../../../src/up/pods/pod-plan.js";
import { launchProxy, type ProxySettings } from "../../../src/up/pods/pod-proxy.js";
import { podId } from "../../../src/up/pods/pods.js";
import { type Closers, endingWithTest, sharedByTests } from "../../lifetimes.js";
import { notedLogger } from "../../outputs/note-output.js";
import { OWN_SLOTS } from "./own-slots.js";
import {
  createEdits,
  ECHO_PROGRAM,
  type Edits,
  type Files,
  INSTALLATION,
  makePlaces,
  type Places,
} from "./places.js";
import { findGateway, findPod } from "./test-mesh.js";

/** A line of the control plane's log. */
export interface LogRecord {
  readonly msg: string;
  /** Id of the proxy that it is about. */
  readonly proxy?: string;
  /** Why its stream ended. */
  readonly reason?: string;
  /** Of what was sent: how many resources, and how many names of removed ones. */
  readonly typeUrl?: string;
  readonly resources?: number;
  readonly removed?: number;
  /** During a rotation of the root: who trusts the next one. */
  readonly proxies?: object;
}

/** A mesh that runs until the test, or the file of tests that share it, is over. */
export interface ServedMesh extends Places, Edits {
  /** The control plane that runs now. */
  controlPlane(): ControlPlane;
  /** A pod by `NAME.NAMESPACE`; in `default` when no namespace is given. */
  pod(id: string): PlacedPod;
  /** The first gateway. */
  gateway(): PlacedPod;
  /** What all its control planes wrote into their log so far. */
  readonly records: readonly LogRecord[];
  /** Stops the control plane; its proxies go on without. */
  stop(): Promise<void>;
  /** Starts it again on the same state and ports; resolves when all proxies are back and hold what they should. */
  start(): Promise<void>;
  /** Ends the Envoy of a pod, and starts one in its place that holds nothing yet; resolves when that has all it should. */
  replaceProxy(pod: PlacedPod): Promise<void>;
}

/** Options of such a mesh. */
export interface ServedMeshOptions {
  readonly workloadTtlMs?: number;
  /** Secrets by `namespace/name/file`. */
  readonly secrets?: Files;
  /** The form of the protocol that the proxies speak; delta when absent. */
  readonly protocol?: NonNullable<ProxySettings["protocol"]>;
  /** How its control planes are started beside that; asked once, before the first. */
  readonly serving?: (places: Places) => Promise<Partial<ControlPlaneOptions>>;
}

const ADDRESS = "127.0.0.1";
const RETURN_MS = 30_000;
const POLL_MS = 20;

type Ports = Pick<ControlPlane, "plaintextPort" | "tlsPort" | "httpPort">;

const ANY_PORTS: Ports = { plaintextPort: 0, tlsPort: 0, httpPort: 0 };

/**
 * Starts a control plane on these files, and an Envoy with an application for each pod that they ask for; it ends with the
 * test.
 */
export function serveMesh(files: Files, options: ServedMeshOptions = {}): Promise<ServedMesh> {
  return endingWithTest((closers) => openMesh(files, options, closers));
}

/**
 * Such a mesh that the tests of a file share: it is there when the first of them runs, and ends after the last. Call it
 * outside of tests.
 */
export function shareServedMesh(files: Files, options: ServedMeshOptions = {}): () => ServedMesh {
  return sharedByTests((closers) => openMesh(files, options, closers));
}

async function openMesh(
  files: Files,
  options: ServedMeshOptions,
  closers: Closers,
): Promise<ServedMesh> {
  const places = await makePlaces(files, options.secrets ?? {}, closers);
  const records: LogRecord[] = [];
  const serving = await options.serving?.(places);
  const open = (ports: Ports): Promise<ControlPlane> =>
    startControlPlane({
      configDirs: [places.directory],
      secretsDir: places.secrets,
      stateDir: places.state,
      address: ADDRESS,
      ...ports,
      tlsNames: [ADDRESS],
      ...serving,
      ...(options.workloadTtlMs === undefined ? {} : { workloadTtlMs: options.workloadTtlMs }),
      logger: notedLogger((line) => records.push(JSON.parse(line) as LogRecord)),
    });
  let controlPlane = await open(ANY_PORTS);
  closers.push(() => controlPlane.close());
  const pods = placePods(controlPlane, places);
  await startApplications(pods, closers);
  const proxies = await startProxies(controlPlane, pods, { ...options, ...places });
  closers.push(() => proxies.stop());
  await untilBack(controlPlane, pods);
  return {
    ...places,
    ...createEdits(places.directory, () => controlPlane),
    controlPlane: () => controlPlane,
    pod: (id) => findPod(pods, id),
    gateway: () => findGateway(pods),
    records,
    stop: () => controlPlane.close(),
    start: async () => {
      const { plaintextPort, tlsPort, httpPort } = controlPlane;
      controlPlane = await open({ plaintextPort, tlsPort, httpPort });
      await untilBack(controlPlane, pods);
    },
    replaceProxy: async (pod) => {
      await proxies.replace(pod);
      await untilBack(controlPlane, pods);
    },
  };
}

function placePods(controlPlane: ControlPlane, { state }: Places): readonly PlacedPod[] {
  const { pods } = desiredMesh(controlPlane.snapshot().tables);
  const slots = assignSlots(pods.map(podId), new Map(), state, OWN_SLOTS);
  return pods.map((pod) => ({ ...pod, addresses: podAddresses(slots.get(podId(pod)) ?? 0) }));
}

async function startApplications(pods: readonly PlacedPod[], closers: Closers): Promise<void> {
  const applications = startEchoApplications(ECHO_PROGRAM);
  closers.push(() => applications.close());
  const failures = await applications.set(podListeners(pods));
  if (failures.length > 0) throw new Error(`applications: ${JSON.stringify(failures)}`);
}

interface Proxies {
  replace(pod: PlacedPod): Promise<void>;
  stop(): Promise<void>;
}

async function startProxies(
  controlPlane: ControlPlane,
  pods: readonly PlacedPod[],
  { state, protocol }: Places & Pick<ServedMeshOptions, "protocol">,
): Promise<Proxies> {
  const { FAIRLEAD_ENVOY: named, PATH: path } = process.env;
  const settings: ProxySettings = {
    binary: (await findEnvoy({ named, path, installation: INSTALLATION })).file,
    controlPlane,
    controlPlaneAddress: ADDRESS,
    unprivileged: true,
    proxyDirectory: join(state, "proxies"),
    logDirectory: join(state, "logs"),
    filterBootstrap: createBootstrapFilter(),
    onDiagnostics: () => undefined,
    ...(protocol === undefined ? {} : { protocol }),
  };
  const envoys = new Map<string, EnvoyProcess>();
  const start = async (pod: PlacedPod): Promise<void> => {
    const envoy = await launchProxy(settings, pod);
    envoys.set(podId(pod), envoy);
    await envoy.ready();
  };
  const stop = async (): Promise<void> => {
    await Promise.all([...envoys.values()].map((envoy) => envoy.stop()));
  };
  try {
    await Promise.all(pods.filter(({ proxy }) => proxy !== "none").map(start));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    replace: async (pod) => {
      await envoys.get(podId(pod))?.stop();
      await start(pod);
    },
    stop,
  };
}

/** Resolves when all proxies are connected and have accepted what they were sent. */
async function untilBack(controlPlane: ControlPlane, pods: readonly PlacedPod[]): Promise<void> {
  const wanted = pods.filter(({ proxy }) => proxy !== "none").map(podId);
  const missing = (): readonly string[] => {
    const synced = controlPlane.proxies().filter((proxy) => proxy.synced);
    return wanted.filter((id) => !synced.some((proxy) => proxy.id === id));
  };
  const check = (): void => {
    const ids = missing();
    if (ids.length > 0) throw new Error(`not back: ${ids.join(", ")}`);
  };
  await vi.waitFor(check, { timeout: RETURN_MS, interval: POLL_MS });
}
