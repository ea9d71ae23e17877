/** A whole mesh of real Envoys for one test: a directory of files, started as `fairlead up` starts it. */
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { ControlPlane, Settled } from "../../../src/app.js";
import type { PlacedPod } from "../../../src/up/pod-plan.js";
import { startUp, type Up } from "../../../src/up/up.js";

/** Files of the mesh's directory, by their names. */
export type Files = Readonly<Record<string, string>>;

/** A mesh that runs until the test is over. */
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

/** Starts a mesh of these files and waits until all its pods are ready. */
export async function startMesh(files: Files, options: TestMeshOptions = {}): Promise<TestMesh> {
  const root = await mkdtemp(join(tmpdir(), "fairlead-mesh-"));
  await chmod(root, 0o700);
  const directory = join(root, "mesh");
  const secrets = join(root, "secrets");
  const state = join(root, "state");
  await mkdir(directory);
  await mkdir(secrets);
  for (const [name, text] of Object.entries(files)) await writeAtOnce(join(directory, name), text);
  for (const [name, text] of Object.entries(options.secrets ?? {})) {
    await writeAtOnce(join(secrets, name), text);
  }
  let up: Up | undefined;
  onTestFinished(async () => {
    await up?.close();
    await rm(root, { recursive: true, force: true });
  });
  up = await startUp({
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
  await up.mesh.start();
  await podsInForce(up);
  return testMesh(up, { directory, secrets, state });
}

/** Resolves when every proxy knows that every pod is ready. */
async function podsInForce({ controlPlane, mesh }: Up): Promise<void> {
  const areReady = (): boolean => {
    const { Pod } = controlPlane.snapshot().tables;
    return mesh.pods().every(({ pod }) => {
      const conditions = Pod.get(`${pod.namespace}/${pod.name}`)?.status?.conditions ?? [];
      return conditions.some(({ type, status }) => type === "Ready" && status === "True");
    });
  };
  if (!areReady()) {
    await new Promise<void>((resolve) => {
      const stop = controlPlane.onUpdate(() => {
        if (!areReady()) return;
        stop();
        resolve();
      });
    });
  }
  await controlPlane.idle();
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
    edit: async (name, change) =>
      write(name, change(await readFile(join(directory, name), "utf8"))),
    remove: (name) => afterwards(() => rm(join(directory, name))),
    settled,
    log: (id) => {
      const { name, namespace } = find(id);
      return readFile(join(up.logDirectory, `${name}.${namespace}.log`), "utf8");
    },
  };
}
