/** When a proxy acknowledges: responses with clusters once the endpoints of all clusters have come, everything else at once. */
import { TYPE_URL } from "../../src/xds/resource.js";
import type { Answer } from "./answer.js";
import type { DeltaRequest } from "./discovery-wire.js";

/** The clusters of one stream. */
export interface Warming {
  /** A response came. */
  readonly take: (answer: Answer) => void;
  /** The ACKs that are due now, after that response and the requests that it led to. */
  readonly acks: (answer: Answer) => readonly DeltaRequest[];
  /** Whether the endpoints of all clusters have come. */
  readonly isWarm: () => boolean;
}

/** No cluster has come yet. */
export function createWarming(): Warming {
  const awaitedEndpoints = new Set<string>();
  const unacknowledged: string[] = [];
  return {
    take({ typeUrl, resources, removed }) {
      if (typeUrl === TYPE_URL.cluster) {
        const endpoints = resources.flatMap(
          ({ references }) => references.get(TYPE_URL.endpoint) ?? [],
        );
        for (const name of endpoints) awaitedEndpoints.add(name);
      }
      if (typeUrl === TYPE_URL.endpoint) {
        for (const { name } of resources) awaitedEndpoints.delete(name);
        for (const name of removed) awaitedEndpoints.delete(name);
      }
    },
    acks({ typeUrl, nonce }) {
      const isCluster = typeUrl === TYPE_URL.cluster;
      if (isCluster) unacknowledged.push(nonce);
      const warm = awaitedEndpoints.size === 0 ? unacknowledged.splice(0) : [];
      const clusters = warm.map((one) => ({ typeUrl: TYPE_URL.cluster, nonce: one }));
      return isCluster ? clusters : [...clusters, { typeUrl, nonce }];
    },
    isWarm: () => awaitedEndpoints.size === 0,
  };
}
