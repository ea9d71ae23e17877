/** A whole mesh of real Envoys for one test: a directory of files, started as `fairlead up` starts it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import type { ControlPlane, ControlPlaneOptions } from "../../../src/app.js";
import type { SocketAddress } from "../../../src/envoy/bootstrap/bootstrap.js";
import type { MeshEvent } from "../../../src/up/mesh-event.js";
import type { PlacedPod } from "../../../src/up/pods/pod-plan.js";
import { logFileOf } from "../../../src/up/pods/pod-proxy.js";
import { podId } from "../../../src/up/pods/pods.js";
import { startUp, type Up } from "../../../src/up/up.js";
import { type Closers, endingWithTest, sharedByTests } from "../../lifetimes.js";
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

/** A mesh that runs until the test, or the file of tests that share it, is over. */
export interface TestMesh extends Places, Edits {
  readonly up: Up;
  readonly controlPlane: ControlPlane;
  /** A pod by `NAME.NAMESPACE`; in `default` when no namespace is given. */
  pod(id: string): PlacedPod;
  /** The first gateway. */
  gateway(): PlacedPod;
  /** What the proxy of a pod wrote so far: its access log, and its own words. */
  log(id: string): Promise<string>;
}

/** Options of a mesh. */
export interface TestMeshOptions
  extends Pick<ControlPlaneOptions, "cacertsDir" | "discoverKeys" | "discoverRootsFile"> {
  readonly standIns?: boolean;
  /** DNS servers that the proxies ask. */
  readonly dnsResolvers?: readonly SocketAddress[];
  readonly workloadTtlMs?: number;
  /** Secrets by `namespace/name/file`. */
  readonly secrets?: Files;
}

/** Starts a mesh of these files and waits until all its pods are ready; it ends with the test. */
export function startMesh(files: Files, options: TestMeshOptions = {}): Promise<TestMesh> {
  return endingWithTest((closers) => openMesh(files, options, closers));
}

/**
 * A mesh of these files that the tests of a file share: it is there when the first of them runs, and ends after the last.
 * Call it outside of tests.
 */
export function shareMesh(files: Files, options: TestMeshOptions = {}): () => TestMesh {
  return sharedByTests((closers) => openMesh(files, options, closers));
}

async function openMesh(
  files: Files,
  options: TestMeshOptions,
  closers: Closers,
): Promise<TestMesh> {
  const places = await makePlaces(files, options.secrets ?? {}, closers);
  const failures: string[] = [];
  const up = await openUp(places, options, (event) => {
    if (event.kind === "error") failures.push(inspect(event.error));
    if (event.kind === "proxy" && event.state.phase === "failed") {
      failures.push(`${podId(event.pod)}: ${event.state.reason}`);
    }
  });
  closers.push(() => up.close());
  await startPods(up, failures);
  return testMesh(up, places);
}

function openUp(
  { directory, secrets, state }: Places,
  { standIns = true, dnsResolvers = [], secrets: _given, ...options }: TestMeshOptions,
  onEvent: (event: MeshEvent) => void,
): Promise<Up> {
  return startUp({
    ...options,
    standIns,
    dnsResolvers,
    slots: OWN_SLOTS,
    directory,
    secretsDirectory: secrets,
    stateDirectory: state,
    ports: { plaintext: 0, tls: 0, http: 0 },
    envoy: {
      named: process.env["FAIRLEAD_ENVOY"],
      path: process.env["PATH"],
      installation: INSTALLATION,
    },
    logLevel: "debug",
    onEvent,
    echoProgram: ECHO_PROGRAM,
  });
}

/** Starts the pods; resolves when every proxy knows that every pod is ready. */
async function startPods({ mesh, logDirectory }: Up, failures: readonly string[]): Promise<void> {
  await mesh.start();
  const missing = mesh.pods().filter(({ ready }) => !ready);
  if (missing.length === 0) return;
  const logs = missing.map(({ pod }) => logEnd(logFileOf(logDirectory, pod)));
  const names = missing.map(({ pod }) => podId(pod)).join(", ");
  const facts = [...failures, ...(await Promise.all(logs))];
  throw new Error(`not ready: ${names}; what failed:\n${facts.join("\n")}`);
}

/** What an Envoy logged last. */
async function logEnd(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch(String);
  return text.slice(-2000);
}

/** The pod of an id `NAME.NAMESPACE`, or of a name in `default`. */
export function findPod(pods: readonly PlacedPod[], id: string): PlacedPod {
  const [name = "", namespace = "default"] = id.split(".");
  const found = pods.find((pod) => pod.name === name && pod.namespace === namespace);
  if (found === undefined) throw new Error(`there is no pod ${name}.${namespace}`);
  return found;
}

/** The first gateway among these. */
export function findGateway(pods: readonly PlacedPod[]): PlacedPod {
  const found = pods.find(({ proxy }) => proxy === "router");
  if (found === undefined) throw new Error("there is no gateway");
  return found;
}

function testMesh(up: Up, places: Places): TestMesh {
  const { controlPlane } = up;
  const pods = (): readonly PlacedPod[] => up.mesh.pods().map(({ pod }) => pod);
  return {
    up,
    controlPlane,
    ...places,
    ...createEdits(places.directory, () => controlPlane),
    pod: (id) => findPod(pods(), id),
    gateway: () => findGateway(pods()),
    log: (id) => {
      const { name, namespace } = findPod(pods(), id);
      return readFile(join(up.logDirectory, `${name}.${namespace}.log`), "utf8");
    },
  };
}
