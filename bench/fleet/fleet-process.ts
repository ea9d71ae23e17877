/** The fleet in a process of its own, so that what it costs is not the server's, nor the measurement's. */
import { readFileSync } from "node:fs";
import { createEncoder } from "../../src/envoy/encoder.js";
import type { MeshShape } from "../mesh/mesh-shape.js";
import { serveParent } from "../remote.js";
import { type Awaited, createFleet, type Fleet, type Received } from "./fleet.js";
import { sidecarNode } from "./node.js";

/** What the process can be asked. */
export interface FleetFunctions {
  /** Comes before everything else. */
  readonly create: (of: { readonly shape: MeshShape; readonly proxies: number }) => void;
  readonly open: (address: string) => void;
  readonly close: () => void;
  readonly await: (awaited: Awaited) => void;
  readonly arrived: (timeoutMs: number) => Promise<readonly number[]>;
  readonly received: () => Received;
  readonly beginStep: (name: string) => void;
  readonly saveRecording: (path: string) => Promise<void>;
  readonly failures: () => ReturnType<Fleet["failures"]>;
}

function encodedNodes(shape: MeshShape, proxies: number): readonly Buffer[] {
  const encoder = createEncoder(readFileSync(new URL("../../gen/envoy.binpb", import.meta.url)));
  return Array.from({ length: proxies }, (_, proxy) => {
    const node = sidecarNode(shape, proxy);
    return encoder.encode("envoy.config.core.v3.Node", node).bytes;
  });
}

let fleet = createFleet([]);

serveParent<FleetFunctions>({
  create: ({ shape, proxies }) => {
    fleet = createFleet(encodedNodes(shape, proxies));
  },
  open: (address) => {
    fleet.open(address);
  },
  close: () => {
    fleet.close();
  },
  await: (awaited) => {
    fleet.await(awaited);
  },
  arrived: (timeoutMs) => fleet.arrived(timeoutMs),
  received: () => fleet.received(),
  beginStep: (name) => {
    fleet.beginStep(name);
  },
  saveRecording: (path) => fleet.saveRecording(path),
  failures: () => fleet.failures(),
});
