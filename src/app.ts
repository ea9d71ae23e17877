/** The control plane: puts the parts together, and owns the order in which they start and stop. */

import { type Closers, closeAll } from "./app/closers.js";
import type { ControlPlaneOptions } from "./app/control-plane-options.js";
import { followIdentity, startLoop } from "./app/follow-changes.js";
import { followAuthority } from "./app/identity/follow-authority.js";
import { logError } from "./app/log/log-error.js";
import { measuredState } from "./app/metrics/measured-state.js";
import { openParts, type Parts } from "./app/parts.js";
import { servePorts } from "./app/ports/ports.js";
import {
  effectsOf,
  openDebug,
  openDoor,
  openStreams,
  type Served,
  watchRefusals,
} from "./app/served.js";
import { type ProxyStatus, proxyStatuses } from "./app/sessions/proxy-status.js";
import type { Settled } from "./app/update/followed-update.js";
import type { Update } from "./app/update/update.js";
import { createWatchers } from "./app/update/watchers.js";
import { steadyClock } from "./base/clock.js";
import type { Diagnostic } from "./base/diagnostic.js";
import { type IdleWork, idleMs, whenIdle } from "./base/steps/when-idle.js";
import { createToken, type TokenRequest } from "./ca/token/token-store.js";
import type { ConfigSnapshot } from "./config/snapshot.js";
import type { StandIn } from "./mesh/service/stand-in.js";
import { createHealthService } from "./xds/health/health-service.js";

export type { ControlPlaneOptions } from "./app/control-plane-options.js";
export type { ProxyStatus } from "./app/sessions/proxy-status.js";
export type { Settled } from "./app/update/followed-update.js";
export type { Update } from "./app/update/update.js";

/** A control plane that runs. */
export interface ControlPlane {
  readonly plaintextPort: number;
  readonly tlsPort: number;
  readonly httpPort: number;
  /** PEM of the roots that proxies have to trust. */
  readonly rootCertificates: string;
  snapshot(): ConfigSnapshot;
  /** What is wrong with it now: what was found when it was read, and what came of it. */
  diagnostics(): readonly Diagnostic[];
  /** The proxies that are connected, by id. */
  proxies(): readonly ProxyStatus[];
  /** Whether no proxy is connected, and all is made that can be made before one is. */
  readonly isAtRest: () => boolean;
  /** Makes a join token; its text is nowhere else. */
  createToken(request: TokenRequest): Promise<string>;
  setStandIns(standIns: readonly StandIn[]): void;
  /** Calls back after each change of the configuration; the result ends that. */
  onUpdate(listener: (update: Update) => void): () => void;
  /** Calls back when the proxies have answered to a change. */
  onSettled(listener: (settled: Settled) => void): () => void;
  /** Resolves when the proxies have answered to all changes so far, or were given up on. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts a control plane.
 * @throws AppError, StateFileError, CertificateError; nothing is left running then
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const closers: Closers = [];
  try {
    const parts = await openParts(options, closers);
    return await serve(options, parts, closers);
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

async function serve(
  options: ControlPlaneOptions,
  parts: Parts,
  closers: Closers,
): Promise<ControlPlane> {
  const { configuration, identity, logs, version, tls, peers } = parts;
  const watchers = createWatchers(measuredState(parts, version));
  const door = openDoor(parts);
  const { proxies: sessions, forgetting } = door;
  const publish = (): void => {
    ads.publish();
  };
  const watched = { ...watchers, ads: () => ads, publish, sessions, forgetting, version };
  const refusals = watchRefusals(parts, watched);
  const effects = () => effectsOf(parts, refusals);
  const served: Served = { ...watched, refusals, effects };
  const debug = openDebug(options, parts, served);
  const ads = openStreams(parts, served, debug);
  const loop = startLoop(options, parts, served);
  closers.push(loop.close);
  watchers.settled.add(watchers.metrics.recordSettled);
  watchers.settled.add(watchers.pushes.end);
  followIdentity(parts, served, { loop, door });
  closers.push(await debug.serveSocket(options.stateDir));
  const { close, ...ports } = await servePorts(options, {
    ads,
    health: createHealthService({
      sessions: door.health,
      registry: parts.encoder.registry,
      clock: steadyClock,
      onError: logError(logs.loggers.ads, "a stream of health checks failed"),
    }),
    debug,
    identity,
    peers,
    metrics: watchers.metrics,
    version,
    tls,
  });
  closers.push(close);
  followAuthority({ ...parts, ads, sessions });
  const preparation = prepare(parts);
  closers.push(preparation.close);
  return {
    ...ports,
    get rootCertificates() {
      return identity.authority.roots.join("");
    },
    snapshot: () => configuration.snapshot(),
    diagnostics: () => [...configuration.snapshot().diagnostics, ...served.effects()],
    proxies: () => proxyStatuses(ads.streams(), sessions.connected()),
    isAtRest: () => preparation.isOver() && sessions.count() === 0,
    createToken: async (request) => (await createToken(identity.tokens, request)).text.reveal(),
    setStandIns: loop.setStandIns,
    onUpdate: watchers.updates.add,
    onSettled: watchers.settled.add,
    idle: watchers.convergence.idle,
    close: () => closeAll(closers),
  };
}

/** Makes what proxies will ask for before they do. */
function prepare({ discovery, logs }: Parts): IdleWork {
  const onError = logError(logs.loggers.default, "could not prepare what proxies will ask for");
  return whenIdle(discovery.prepare(), { clock: steadyClock, idleMs, onError });
}
