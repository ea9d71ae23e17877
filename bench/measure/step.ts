/** What is done to a mesh, and how a proxy can tell that it has reached it. */
import { TYPE_URL } from "../../src/xds/resource.js";
import type { Awaited } from "../fleet/fleet.js";
import { type MeshShape, SPLIT_EVERY } from "../mesh/mesh-shape.js";
import type { Edit } from "../mesh/service-yaml.js";

/** One edit of one file. */
export interface FileEdit {
  readonly service: number;
  readonly edit: Edit;
}

/** See the top of this file. */
export interface Step {
  /** Different from those of all other steps. */
  readonly name: string;
  readonly edits: readonly FileEdit[];
  /** The time from one edit to the next. */
  readonly everyMs: number;
  /** What comes of the last edit. */
  readonly awaited: Awaited;
}

/** The phases that consist of single edits. */
export type EditKind = "endpoint" | "route" | "cluster";

const EDITS: Readonly<
  Record<
    EditKind,
    {
      readonly typeUrl: string;
      readonly mark: (index: number) => string;
      readonly edit: (mark: string) => Edit;
    }
  >
> = {
  endpoint: {
    typeUrl: TYPE_URL.endpoint,
    mark: (index) => address(200, index),
    edit: (mark) => ({ address: mark }),
  },
  route: {
    typeUrl: TYPE_URL.route,
    mark: (index) => `route-mark-${index}-`,
    edit: (mark) => ({ header: mark }),
  },
  cluster: {
    typeUrl: TYPE_URL.cluster,
    mark: (index) => `subset-${index}-mark`,
    edit: (mark) => ({ subset: mark }),
  },
};

/** An address that is no endpoint's of the steady state. */
function address(net: number, index: number): string {
  return `127.${net}.${Math.floor(index / 250)}.${(index % 250) + 1}`;
}

/** All proxies connect. */
export const CONNECT: Step = {
  name: "connect",
  edits: [],
  everyMs: 0,
  awaited: { kind: "configured" },
};

/** One edit of a kind, each of another service that is split. */
export function editStep({ services }: MeshShape, kind: EditKind, index: number): Step {
  const { typeUrl, mark, edit } = EDITS[kind];
  const marked = mark(index);
  return {
    name: `${kind} ${index}`,
    edits: [{ service: ((index + 1) * SPLIT_EVERY) % services, edit: edit(marked) }],
    everyMs: 0,
    awaited: { kind: "mark", typeUrl, mark: marked },
  };
}

/** Endpoints of so many services move, one after the other. */
export function churnStep({ services }: MeshShape, count: number, everyMs: number): Step {
  const edits = Array.from({ length: count }, (_, index) => ({
    service: (index * 7) % services,
    edit: { address: address(210, index) },
  }));
  const mark = address(210, count - 1);
  return {
    name: "churn",
    edits,
    everyMs,
    awaited: { kind: "mark", typeUrl: TYPE_URL.endpoint, mark },
  };
}

/** An endpoint moves while nobody is connected; then all proxies come back. */
export function reconnectStep(): Step {
  const mark = address(220, 0);
  return {
    name: "reconnect",
    edits: [{ service: 1, edit: { address: mark } }],
    everyMs: 0,
    awaited: { kind: "mark", typeUrl: TYPE_URL.endpoint, mark },
  };
}
