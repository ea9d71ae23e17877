/** What one filter of a proxy says of a call, and what it leaves to those behind it. */
import type { RBACJson } from "../../envoy/api.js";
import type { HttpRequest } from "../call.js";
import type { Examined } from "./rbac.js";

/** What one filter says. */
export interface FilterVerdict {
  readonly filter: "authentication" | "authorization" | "external-authorization";
  readonly isAllowed: boolean;
  /** What cannot be known here, and has to hold for that. */
  readonly condition?: string;
  /** What the client gets instead; none where the connection is closed. */
  readonly status?: number;
  /** The rule of a policy by which it is decided, as Envoy's statistics and logs name it. */
  readonly policy?: string;
  /** All rules that were asked. */
  readonly policies?: readonly string[];
  /** `ALLOW` or `DENY`: what the rules are there for. */
  readonly action?: NonNullable<RBACJson["action"]>;
  /** Whose tokens they are, as far as rules ask for tokens of those issuers. */
  readonly issuers?: readonly string[];
  readonly reason: string;
}

/** What filters leave to those behind them, by their names. */
export type Metadata = Examined["metadata"];

/** See the top of this file; nothing of a filter that has nothing to say. */
export interface FilterAnswer {
  readonly verdict?: FilterVerdict;
  readonly metadata?: Metadata;
  /** Absent when the filter leaves the request as it is. */
  readonly request?: HttpRequest;
  /** The route is chosen again, by what the filter leaves. */
  readonly clearsRoute?: boolean;
}
