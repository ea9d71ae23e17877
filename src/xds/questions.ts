/** Requests on a discovery stream that ask for something else than resources, such as `istioctl proxy-status` does. */
import type { Caller } from "../grpc/caller.js";

/** A request on a discovery stream for what is no resource of a view. It subscribes to nothing and accepts nothing. */
export interface Question {
  readonly typeUrl: string;
  readonly names: readonly string[];
  readonly peer: Caller;
}

/** Who answers questions, each of them once. A stream on which nothing else is said opens no session. */
export interface Questions {
  /** Whether requests for a type are questions. */
  concerns(typeUrl: string): boolean;
  /**
   * The answer: an encoded DiscoveryResponse.
   * @throws CallRefused to end the stream with a reason
   */
  answer(question: Question): Promise<Buffer>;
}
