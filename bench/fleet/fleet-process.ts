/** The fleet in a process of its own, so that what it costs is not the server's, nor the measurement's. */
import { readFileSync } from "node:fs";
import { createEncoder } from "../../src/envoy/resource/encoder.js";
import type { MeshShape } from "../mesh/mesh-shape.js";
import { serveParent } from "../remote.js";
import { type Awaited, createFleet, type Fleet } from "./fleet.js";
import { sidecarNode } from "./node.js";
import type { Received } from "./tally.js";

/** So many sidecars of a mesh, from the first one on. */
interface Created {
  readonly shape: MeshShape;
  readonly proxies: number;
  readonly first: number;
}

/** What the process can be asked. */
export interface FleetFunctions {
  /** Comes before everything else. */
  readonly create: (of: Created) => void;
  readonly open: (address: string) => void;
  readonly close: () => void;
  readonly await: (awaited: Awaited) => void;
  readonly arrived: (timeoutMs: number) => Promise<readonly number[]>;
  readonly received: () => Received;
  readonly beginStep: (name: string) => void;
  readonly saveRecording: (path: string) => Promise<void>;
  readonly failures: () => ReturnType<Fleet["failures"]>;
}

function encodedNodes({ shape, proxies, first }: Created): readonly Buffer[] {
  const encoder = createEncoder(readFileSync(new URL("../../gen/envoy.binpb", import.meta.url)));
  return Array.from({ length: proxies }, (_, index) => {
    const node = sidecarNode(shape, first + index);
    return encoder.encode("envoy.config.core.v3.Node", node).bytes;
  });
}

let fleet = createFleet([]);

serveParent<FleetFunctions>({
  create: (created) => {
    fleet = createFleet(encodedNodes(created));
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
