/** A control plane for tests of its debug endpoints, and proxies on it that hold something. */

import { readFileSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import {
  type ControlPlane,
  type ControlPlaneOptions,
  startControlPlane,
} from "../../../src/app.js";
import {
  type DebugAddress,
  type DebugClient,
  openDebugClient,
} from "../../../src/debug/api/client.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { type Closers, sharedByTests } from "../../lifetimes.js";
import { noted, notedLogger } from "../../outputs/note-output.js";
import { openAds } from "./ads-client.js";
import { joinToken } from "./join-token.js";

const MESH = `
apiVersion: v1
kind: Service
metadata: {name: payments, namespace: default}
spec:
  selector: {app: payments}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: strict, namespace: default}
spec:
  mtls:
    mode: STRICT
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: payments, namespace: default}
spec:
  host: payments
  trafficPolicy:
    tls: {mode: DISABLE}
---
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {name: slow, namespace: default}
spec: {image: {imageType: debug}}
`;
const API = readFileSync("gen/fairlead.binpb");

/** A control plane that runs, and the directory of its state. */
export interface Debugged {
  readonly controlPlane: ControlPlane;
  readonly state: string;
}

/** Starts one that the tests of a file share. Call it outside of tests. */
export function shareDebugged(options: Partial<ControlPlaneOptions> = {}): () => Debugged {
  return sharedByTests((closers) => open(options, closers));
}

async function open(options: Partial<ControlPlaneOptions>, closers: Closers): Promise<Debugged> {
  const root = await mkdtemp(join(tmpdir(), "fairlead-debug-"));
  closers.push(() => rm(root, { recursive: true, force: true }));
  await chmod(root, 0o700);
  await writeFile(join(root, "mesh.yaml"), MESH);
  const state = join(root, "state");
  const controlPlane = await startControlPlane({
    configDirs: [join(root, "mesh.yaml")],
    stateDir: state,
    address: "127.0.0.1",
    plaintextPort: 0,
    tlsPort: 0,
    httpPort: 0,
    logger: notedLogger(),
    ...options,
  });
  closers.push(() => controlPlane.close());
  return { controlPlane, state };
}

/** A client for the length of a test. */
export async function connectTo(address: DebugAddress): Promise<DebugClient> {
  const client = await openDebugClient(address, API);
  onTestFinished(() => {
    client.close();
  });
  return noted("debug API", client);
}

/** A proxy that has accepted its clusters and secrets, for the length of a test. */
export async function joinAs({ controlPlane }: Debugged, name: string): Promise<void> {
  const token = await joinToken(controlPlane);
  const proxy = openAds({
    port: controlPlane.tlsPort,
    roots: controlPlane.rootCertificates,
    token,
    name,
    labels: { app: "payments" },
  });
  await proxy.ask(TYPE_URL.cluster);
  await proxy.ask(TYPE_URL.secret, ["default", "ROOTCA"]);
}
