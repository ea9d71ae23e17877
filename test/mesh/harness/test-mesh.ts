/** A whole mesh of real Envoys for one test: a directory of files, started as `fairlead up` starts it. */
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import type { ControlPlane, Settled } from "../../../src/app.js";
import type { PlacedPod } from "../../../src/up/pod-plan.js";
import { podId } from "../../../src/up/pods.js";
import { startUp, type Up } from "../../../src/up/up.js";

/** Files of the mesh's directory, by their names. */
export type Files = Readonly<Record<string, string>>;

/** A mesh that runs until the test, or the file of tests that share it, is over. */
export interface TestMesh {
  readonly up: Up;
  readonly controlPlane: ControlPlane;
  /** The directory of YAML. */
  readonly directory: string;
  /** The directory of secrets, which may not exist. */
  readonly secrets: string;
  /** The state directory: the mesh's own keys among other things. */
  readonly state: string;
  /** A pod by `NAME.NAMESPACE`; in `default` when no namespace is given. */
  pod(id: string): PlacedPod;
  /** The first pod with this label. */
  gateway(): PlacedPod;
  /** Writes a file in one step; resolves when the proxies that it concerns have answered. */
  write(name: string, text: string): Promise<Settled>;
  /** Writes a file that is new, likewise; it is removed when the test is over. */
  writeForTest(name: string, text: string): Promise<Settled>;
  /** Edits a file in one step, likewise. */
  edit(name: string, change: (text: string) => string): Promise<Settled>;
  /** Removes a file, likewise. */
  remove(name: string): Promise<Settled>;
  /** The next change that has settled; ask for it before you make the change. */
  settled(): Promise<Settled>;
  /** What the proxy of a pod wrote so far: its access log, and its own words. */
  log(id: string): Promise<string>;
}

/** Options of a mesh. */
export interface TestMeshOptions {
  readonly standIns?: boolean;
  readonly workloadTtlMs?: number;
  /** Secrets by `namespace/name/file`. */
  readonly secrets?: Files;
}

const INSTALLATION = fileURLToPath(new URL("../../../", import.meta.url));

/** Tests run the sources, but a thread has to be a built program. */
const ECHO_PROGRAM = new URL("../../../dist/echo-worker.js", import.meta.url);

async function writeAtOnce(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.new`;
  await writeFile(temporary, text);
  await rename(temporary, file);
}

/** Starts a mesh of these files and waits until all its pods are ready; it ends with the test. */
export function startMesh(files: Files, options: TestMeshOptions = {}): Promise<TestMesh> {
  const closers: Closers = [];
  onTestFinished(() => closeAll(closers));
  return openMesh(files, options, closers);
}

/**
 * A mesh of these files that the tests of a file share: it is there when the first of them runs, and ends after the last.
 * Call it outside of tests.
 */
export function shareMesh(files: Files, options: TestMeshOptions = {}): () => TestMesh {
  const closers: Closers = [];
  const shared: { mesh?: TestMesh } = {};
  beforeAll(async () => {
    shared.mesh = await openMesh(files, options, closers);
  });
  afterAll(() => closeAll(closers));
  return () => {
    if (shared.mesh === undefined) throw new Error("the mesh runs only while tests do");
    return shared.mesh;
  };
}

/** What ends a mesh, to be called in the opposite order. */
type Closers = (() => Promise<void>)[];

async function closeAll(closers: Closers): Promise<void> {
  for (const closer of closers.splice(0).reverse()) await closer();
}

async function openMesh(
  files: Files,
  options: TestMeshOptions,
  closers: Closers,
): Promise<TestMesh> {
  const root = await mkdtemp(join(tmpdir(), "fairlead-mesh-"));
  closers.push(() => rm(root, { recursive: true, force: true }));
  await chmod(root, 0o700);
  const places = await writePlaces(root, files, options);
  const up = await openUp(places, options);
  closers.push(() => up.close());
  await startPods(up);
  return testMesh(up, places);
}

type Places = Pick<TestMesh, "directory" | "secrets" | "state">;

async function writePlaces(root: string, files: Files, options: TestMeshOptions): Promise<Places> {
  const directory = join(root, "mesh");
  const secrets = join(root, "secrets");
  const state = join(root, "state");
  await mkdir(directory);
  await mkdir(secrets);
  for (const [name, text] of Object.entries(files)) await writeAtOnce(join(directory, name), text);
  for (const [name, text] of Object.entries(options.secrets ?? {})) {
    await writeAtOnce(join(secrets, name), text);
  }
  return { directory, secrets, state };
}

function openUp({ directory, secrets, state }: Places, options: TestMeshOptions): Promise<Up> {
  return startUp({
    directory,
    secretsDirectory: secrets,
    stateDirectory: state,
    ports: { plaintext: 0, tls: 0, http: 0 },
    envoy: {
      named: process.env["FAIRLEAD_ENVOY"],
      path: process.env["PATH"],
      installation: INSTALLATION,
    },
    standIns: options.standIns ?? true,
    ...(options.workloadTtlMs === undefined ? {} : { workloadTtlMs: options.workloadTtlMs }),
    logLevel: "debug",
    onEvent: () => undefined,
    echoProgram: ECHO_PROGRAM,
  });
}

/** Starts the pods; resolves when every proxy knows that every pod is ready. */
async function startPods({ mesh }: Up): Promise<void> {
  await mesh.start();
  const missing = mesh.pods().filter(({ ready }) => !ready);
  if (missing.length === 0) return;
  throw new Error(`not ready: ${missing.map(({ pod }) => podId(pod)).join(", ")}`);
}

function testMesh(up: Up, places: Pick<TestMesh, "directory" | "secrets" | "state">): TestMesh {
  const { controlPlane } = up;
  const { directory } = places;
  const settled = (): Promise<Settled> =>
    new Promise((resolve) => {
      const stop = controlPlane.onSettled((event) => {
        stop();
        resolve(event);
      });
    });
  const afterwards = async (change: () => Promise<void>): Promise<Settled> => {
    const done = settled();
    await change();
    return done;
  };
  const write = (name: string, text: string): Promise<Settled> =>
    afterwards(() => writeAtOnce(join(directory, name), text));
  const remove = (name: string): Promise<Settled> => afterwards(() => rm(join(directory, name)));
  const find = (id: string): PlacedPod => {
    const [name = "", namespace = "default"] = id.split(".");
    const found = up.mesh
      .pods()
      .find(({ pod }) => pod.name === name && pod.namespace === namespace);
    if (found === undefined) throw new Error(`there is no pod ${name}.${namespace}`);
    return found.pod;
  };
  return {
    up,
    controlPlane,
    ...places,
    pod: find,
    gateway: () => {
      const found = up.mesh.pods().find(({ pod }) => pod.proxy === "router");
      if (found === undefined) throw new Error("there is no gateway");
      return found.pod;
    },
    write,
    writeForTest: async (name, text) => {
      onTestFinished(async () => {
        // Written twice in a test, it is gone by now.
        if (existsSync(join(directory, name))) await remove(name);
      });
      return write(name, text);
    },
    edit: async (name, change) =>
      write(name, change(await readFile(join(directory, name), "utf8"))),
    remove,
    settled,
    log: (id) => {
      const { name, namespace } = find(id);
      return readFile(join(up.logDirectory, `${name}.${namespace}.log`), "utf8");
    },
  };
}
