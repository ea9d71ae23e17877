/** A control plane for tests, on ports that are free. */

import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ControlPlane,
  type ControlPlaneOptions,
  startControlPlane,
} from "../../../src/app.js";
import { type Closers, endingWithTest, sharedByTests } from "../../lifetimes.js";
import { notedLogger } from "../../outputs/note-output.js";
import { joinToken } from "./join-token.js";

/** A control plane that runs until the test, or the file of tests that share it, is over. */
export interface Started {
  readonly controlPlane: ControlPlane;
  readonly config: string;
  readonly state: string;
  /** All that it has logged. */
  readonly log: readonly string[];
  /** Port and roots of the port with TLS. */
  readonly overTls: { readonly port: number; readonly roots: string };
  /** A token for a service account; `default/payments` when absent. */
  readonly token: (
    serviceAccount?: string,
    uses?: number,
    labels?: Readonly<Record<string, string>>,
  ) => Promise<string>;
}

type Options = Partial<ControlPlaneOptions>;

/** Starts one on YAML; it ends with the test. */
export function start(mesh: string, options: Options = {}): Promise<Started> {
  return endingWithTest((closers) => open(mesh, options, closers));
}

/** One that the tests of a file share. Call it outside of tests. */
export function shareStart(mesh: string, options: Options = {}): () => Started {
  return sharedByTests((closers) => open(mesh, options, closers));
}

async function open(mesh: string, options: Options, closers: Closers): Promise<Started> {
  const root = await mkdtemp(join(tmpdir(), "fairlead-wire-"));
  closers.push(() => rm(root, { recursive: true, force: true }));
  await chmod(root, 0o700);
  const config = join(root, "mesh");
  await mkdir(config);
  await writeFile(join(config, "mesh.yaml"), mesh);
  const log: string[] = [];
  const state = join(root, "state");
  const controlPlane = await startControlPlane({
    configDirs: [config],
    stateDir: state,
    address: "127.0.0.1",
    plaintextPort: 0,
    tlsPort: 0,
    httpPort: 0,
    logger: notedLogger((line) => log.push(line)),
    ...options,
  });
  closers.push(() => controlPlane.close());
  return {
    ...{ controlPlane, config, state, log },
    overTls: { port: controlPlane.tlsPort, roots: controlPlane.rootCertificates },
    token: (account = "default/payments", uses = 1, labels) =>
      joinToken(controlPlane, account, { uses, ...(labels && { labels }) }),
  };
}
