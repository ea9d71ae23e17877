/** What the server asks of the application: who may connect, and what each client should hold. */
import type { Node } from "../../gen/types/envoy/config/core/v3/base_pb.js";
import type { CallRefused } from "../grpc/call-refused.js";
import type { Caller } from "../grpc/caller.js";
import type { ResourceView } from "./resource.js";
import type { NameSet } from "./state/subscription/name-set.js";

/** The two forms of the protocol: differences, or state of the world. */
export type Protocol = "delta" | "sotw";

/** A client that wants to be served. */
export interface OpenRequest {
  /** Who it says it is; its id is not empty. Large (Envoy lists its extensions): keep what is needed of it. */
  readonly node: Node;
  readonly peer: Caller;
  readonly protocol: Protocol;
  /** Ends this stream, now or later; does nothing once it has ended. */
  readonly refuse: (reason: CallRefused) => void;
}

/**
 * By type URL, the names that a client subscribes to, and those of what it said that it holds when it came back: it keeps
 * that, so it need not ask for it again.
 */
export type AskedNames = ReadonlyMap<string, NameSet>;

/** One client that is served. */
export interface Session {
  /** Names the client, for people and for metrics. */
  readonly id: string;
  /**
   * The types of which it depends on what the client asks for what it should hold; none when absent. Such a type is still
   * subscribed to as a whole: that is what the view has of it.
   */
  readonly askedTypes?: ReadonlySet<string>;
  /**
   * What it should hold now; the same objects as long as nothing changed. Called after every AdsServer.publish, and when
   * a type or names of the asked types are new.
   */
  view(asked: AskedNames): ResourceView;
  /** The client says something by a type of `XdsSessions.toldTypes`: that all is well, or what is not. */
  told?(typeUrl: string, error: string | undefined): void;
  /** The stream has ended. Called once. */
  closed(): void;
}

/** Who is served what: the application's side of the server. */
export interface XdsSessions {
  /**
   * The types by which clients do not ask for anything, but say something. It is not answered, and not heard from a client that
   * has asked for nothing yet. None when absent.
   */
  readonly toldTypes?: ReadonlySet<string>;
  /**
   * Lets a client in. Until it has, nothing else of the stream is read.
   * @throws CallRefused to end the stream with a reason; with any other error it ends as INTERNAL.
   */
  open(request: OpenRequest): Session | Promise<Session>;
}
