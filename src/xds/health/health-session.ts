import type { OpenRequest } from "../session.js";

/** A client of the health discovery service that wants to be told what to check. */
export interface OpenHealthRequest extends Pick<OpenRequest, "node" | "peer" | "refuse"> {
  /** To be called when `HealthSession.checks` may have changed. */
  readonly onChange: () => void;
}

/** How a client found one endpoint to be. */
export interface EndpointHealth {
  /** Of what it was told to check. */
  readonly cluster: string;
  /** See `envoy.config.core.v3.HealthStatus`. */
  readonly status: number;
}

/** One client that checks the health of endpoints. */
export interface HealthSession {
  /** What it should check now, an encoded HealthCheckSpecifier; undefined as long as there is nothing to say. */
  checks(): Buffer | undefined;
  /** The client reports the health of all endpoints that it checks; called again and again. */
  reported(endpoints: readonly EndpointHealth[]): void;
  /** The stream has ended. Called once. */
  closed(): void;
}

/** Who is told to check what: the application's side of the service. */
export interface HealthSessions {
  /**
   * Lets a client in. Until it has, nothing else of the stream is read.
   * @throws CallRefused to end the stream with a reason; with any other error it ends as INTERNAL.
   */
  open(request: OpenHealthRequest): Promise<HealthSession>;
}
