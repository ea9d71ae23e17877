/** What becomes of a call, step by step, and what decides it. */
import type { Source } from "./provenance.js";

/** One thing that is decided about a call. */
export interface Step {
  /** `listener`, `route`, `authorization` and so on. */
  readonly about: string;
  readonly says: string;
  readonly sources: readonly Source[];
}

/** What happens at one place: a proxy, or a cluster on the way. */
export interface Stage {
  readonly title: string;
  readonly steps: readonly Step[];
  /** Where it goes on, or how it ends. */
  readonly stages: readonly Stage[];
}

/** How a share of the requests ends. */
export interface Result {
  /** Of all requests, from 0 to 1. */
  readonly share: number;
  /** Who answers: pods of which each gets as much, or a host outside of the mesh; none when a proxy does in their place. */
  readonly answeredBy: readonly string[];
  /** What a proxy answers; absent where a connection is closed, or an application answers. */
  readonly status?: number;
  /** Envoy's response flags, as the access log of the proxy that the call goes out by has them. */
  readonly flags: string;
  /** What nobody can know who looks at the configuration, and has to hold for that; absent when it is all known. */
  readonly condition?: string;
  readonly reason: string;
}

/** See the top of this file. */
export interface Explanation {
  /** `GET http://payments/ from my-service-0.default`. */
  readonly call: string;
  readonly stages: readonly Stage[];
  readonly results: readonly Result[];
}
