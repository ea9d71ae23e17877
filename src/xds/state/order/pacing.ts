/** How long one thing waits for another. All in milliseconds. */
export interface Pacing {
  /** A change waits so long for the ACK of the response before it, then it is sent all the same. */
  readonly ackWaitMs: number;
  /**
   * A listener or route waits so long for its new clusters to be taken, and a removal of clusters so long for the
   * routes before it. Envoy takes a cluster when it is warm, at the latest after 15 s.
   */
  readonly warmWaitMs: number;
  /** A client that comes back says within this time all that it holds; removals of clusters wait for it. */
  readonly resumeWaitMs: number;
  /**
   * What a client refused and names files of its machine is sent again after so long, and then after twice as long each time, up
   * to the second.
   */
  readonly firstRetryMs: number;
  readonly lastRetryMs: number;
}

/** The pacing of a server that is not told otherwise. */
export const DEFAULT_PACING: Pacing = {
  ackWaitMs: 1000,
  warmWaitMs: 5000,
  resumeWaitMs: 1000,
  firstRetryMs: 1000,
  lastRetryMs: 30_000,
};
