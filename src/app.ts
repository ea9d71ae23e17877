/** The control plane: puts the parts together, and owns the order in which they start and stop. */
import { type Closers, closeAll } from "./app/closers.js";
import { type Configuration, openConfiguration } from "./app/configuration.js";
import type { ControlPlaneOptions } from "./app/control-plane-options.js";
import { createDebugEndpoints, type DebugEndpoints } from "./app/debug-endpoints.js";
import { createDiscovery, type Discovery } from "./app/discovery.js";
import { type Followed, openFollowed } from "./app/followed/open-followed.js";
import { followAuthority } from "./app/identity/follow-authority.js";
import { type Identity as MeshIdentity, openIdentity } from "./app/identity/identity.js";
import type { KeptGood } from "./app/last-good/last-good.js";
import { openLastGood } from "./app/last-good/open-last-good.js";
import { createFaultLog, type FaultLog } from "./app/log/fault-log.js";
import { logError } from "./app/log/log-error.js";
import { logObserver } from "./app/log/log-observer.js";
import { logUpdate } from "./app/log/log-update.js";
import { createScopedLoggers, type ScopedLoggers } from "./app/log/scoped-loggers.js";
import { measuredState } from "./app/metrics/measured-state.js";
import { joinObservers } from "./app/observers.js";
import { readDescriptors, readOwnDescriptors, readVersion } from "./app/package-files.js";
import { openPeersOfMesh, type PeersOfMesh } from "./app/peers/open-peers.js";
import { createPlanner } from "./app/planner.js";
import { servePorts } from "./app/ports/ports.js";
import { createRefusals, type Refusals } from "./app/refused/refusals.js";
import { watchEncoder } from "./app/refused/withheld.js";
import { openRegistry } from "./app/registry/open-registry.js";
import type { ProxyRegistry } from "./app/registry/proxy-registry.js";
import { createMeshSessions, type MeshSessions } from "./app/sessions/mesh-sessions.js";
import type { ProxySessions } from "./app/sessions/proxy-sessions.js";
import { type ProxyStatus, proxyStatuses } from "./app/sessions/proxy-status.js";
import type { Settled } from "./app/update/convergence.js";
import type { Update } from "./app/update/update.js";
import { createUpdateLoop, type UpdateLoop } from "./app/update/update-loop.js";
import { createWatchers, type Watchers } from "./app/update/watchers.js";
import { steadyClock, systemClock } from "./base/clock.js";
import type { Diagnostic } from "./base/diagnostic.js";
import { Engine } from "./base/engine.js";
import { idleMs, whenIdle } from "./base/steps/when-idle.js";
import { createToken, type TokenRequest } from "./ca/token/token-store.js";
import { federatedDomains } from "./ca/trust/given-trust.js";
import { formatRef } from "./config/resource.js";
import type { ConfigSnapshot } from "./config/snapshot.js";
import { createAcceptBoth } from "./envoy/cluster/peers.js";
import { createPatchCheck } from "./envoy/patch/check-patch.js";
import { createEncoder, type Encoder } from "./envoy/resource/encoder.js";
import { createNamedFiles } from "./envoy/resource/named-files.js";
import type { TlsSource } from "./grpc/server.js";
import type { StandIn } from "./mesh/service/stand-in.js";
import { type AdsServer, createAdsServer } from "./xds/ads-server.js";
import { createHealthService } from "./xds/health/health-service.js";

export type { ControlPlaneOptions } from "./app/control-plane-options.js";
export type { ProxyStatus } from "./app/sessions/proxy-status.js";
export type { Settled } from "./app/update/convergence.js";
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
  /** How many proxies are connected. */
  readonly connections: () => number;
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

/** What is there before anything is served. */
interface Parts extends Followed {
  readonly logs: ScopedLoggers;
  readonly engine: Engine;
  readonly encoder: Encoder;
  /** Whether Envoy would refuse anything that was encoded so far. */
  readonly hasRefused: () => boolean;
  /** Told that what proxies should hold cannot be made. */
  readonly onFault: FaultLog;
  readonly configuration: Configuration;
  readonly lastGood: KeptGood;
  readonly discovery: Discovery;
  readonly identity: MeshIdentity;
  readonly registry: ProxyRegistry;
  readonly peers: PeersOfMesh;
  /** TLS of the control plane's own. */
  readonly tls: TlsSource;
  readonly version: string;
  /** fairlead's own API, as a serialized FileDescriptorSet. */
  readonly api: Uint8Array;
}

async function openParts(options: ControlPlaneOptions, closers: Closers): Promise<Parts> {
  const { stateDir, secretsDir, memo } = options;
  const logs = createScopedLoggers(options.logger);
  const { ads, ca, config } = logs.loggers;
  const onFault = createFaultLog(ads, steadyClock.now);
  const engine = new Engine(memo === undefined ? {} : { memo });
  const { encoder, hasRefused } = watchEncoder(createEncoder(await readDescriptors()), engine);
  const configuration = await openConfiguration({
    directories: options.configDirs,
    madeDirectory: options.madeDir,
    secretsDirectory: secretsDir,
    stateDirectory: stateDir,
    engine,
    checkPatch: createPatchCheck(encoder),
    onError: logError(config, "cannot read or keep the configuration"),
    onProblem: (problem) => {
      config.warn({ code: problem.code }, problem.message);
    },
  });
  closers.push(() => configuration.close());
  const first = configuration.snapshot();
  const lastGood = await openLastGood({ stateDir, tables: first.tables, logger: config });
  closers.push(() => lastGood.close());
  const discovery = createDiscovery(encoder, first, engine, lastGood.list);
  const { trustDomain, trustDomainAliases } = discovery.meshConfig();
  const trust = { trustDomain, trustDomainAliases };
  const identity = await openIdentity({
    ...options,
    ...trust,
    encode: (typeName, json) => encoder.encode(typeName, json),
    clock: systemClock,
    logger: ca,
  });
  closers.push(() => identity.close());
  const registry = await openRegistry({ ...options, logger: ads });
  closers.push(() => registry.close());
  const followed = await openFollowed({ ...options, logger: config }, trust, closers);
  const { source: tls } = await identity.startTls();
  const own = { tls, version: await readVersion(), api: await readOwnDescriptors() };
  const peers = await openPeersOfMesh({ ...options, ...own, identity, registry, logger: ads });
  closers.push(() => peers.close());
  return {
    ...{ logs, engine, encoder, hasRefused, onFault, configuration, lastGood, discovery },
    ...{ identity, registry, ...followed, peers, ...own },
  };
}

/** Who is served, and who is told of it: `ads` is there once somebody asks. */
interface Served extends Watchers, Pick<MeshSessions, "forgetting"> {
  readonly ads: () => AdsServer;
  /** Has proxies sent what is new for them. */
  readonly publish: () => void;
  readonly sessions: ProxySessions;
  readonly refusals: Refusals;
  /** What is wrong with what the configuration leads to. */
  readonly effects: () => readonly Diagnostic[];
  readonly version: string;
}

function watchRefusals(
  { configuration, discovery, hasRefused, lastGood, onFault }: Parts,
  { ads, publish, sessions, settled, updates, metrics }: Omit<Served, "refusals" | "effects">,
): Refusals {
  return createRefusals({
    configuration,
    discovery,
    hasRefused,
    lastGood,
    sessions,
    settled,
    onFault,
    publish,
    onChange: updates.tell,
    onCounts: metrics.recordQuarantine,
    streams: () => ads().streams(),
    clock: steadyClock,
  });
}

function openStreams(
  { configuration, encoder, logs }: Parts,
  { sessions, events, pushes, metrics, convergence, refusals }: Served,
  { questions }: DebugEndpoints,
): AdsServer {
  const observing = [events, pushes, metrics, convergence, refusals];
  return createAdsServer({
    sessions,
    isChangeDue: configuration.isLooking,
    questions,
    acceptBoth: createAcceptBoth(encoder),
    files: createNamedFiles(encoder.registry),
    registry: encoder.registry,
    clock: steadyClock,
    observer: joinObservers([
      ...observing.map((one) => one.observer),
      logObserver(logs.loggers.ads, steadyClock.now),
    ]),
  });
}

async function serve(
  options: ControlPlaneOptions,
  parts: Parts,
  closers: Closers,
): Promise<ControlPlane> {
  const { configuration, discovery, identity, logs, version, tls, peers } = parts;
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
  const onError = logError(logs.loggers.default, "could not prepare what proxies will ask for");
  closers.push(whenIdle(discovery.prepare(), { clock: steadyClock, idleMs, onError }));
  return {
    ...ports,
    get rootCertificates() {
      return identity.authority.roots.join("");
    },
    snapshot: () => configuration.snapshot(),
    diagnostics: () => [...configuration.snapshot().diagnostics, ...served.effects()],
    proxies: () => proxyStatuses(ads.streams(), sessions.connected()),
    connections: sessions.count,
    createToken: async (request) => (await createToken(identity.tokens, request)).text.reveal(),
    setStandIns: loop.setStandIns,
    onUpdate: watchers.updates.add,
    onSettled: watchers.settled.add,
    idle: watchers.convergence.idle,
    close: () => closeAll(closers),
  };
}

const effectsOf = (
  { domains, issuers, modules, peers }: Parts,
  refusals: Refusals,
): readonly Diagnostic[] => [
  ...[domains, issuers, modules, peers].flatMap((one) => one.diagnostics()),
  ...refusals.list(),
];

function openDoor(parts: Parts): MeshSessions {
  return createMeshSessions({
    ...parts,
    onStranger: ({ id }, problem) => {
      parts.logs.loggers.ads.warn({ proxy: id }, problem);
    },
  });
}

/** Has proxies sent, or turned away, what follows from who is who. */
function followIdentity(
  { identity, peers }: Parts,
  { publish, metrics }: Served,
  { loop, door }: { readonly loop: UpdateLoop; readonly door: MeshSessions },
): void {
  identity.onCertificateEvent(metrics.recordCertificate);
  identity.onSecretsChange(publish);
  identity.onGivenTrust((given) => {
    loop.setFederated(federatedDomains(given));
    for (const { endRevoked } of [door, peers]) {
      endRevoked((serialNumber) => given.revocations.revokes(serialNumber));
    }
  });
}

function startLoop(
  options: ControlPlaneOptions,
  { configuration, discovery, identity, registry, ...followed }: Parts,
  { publish, forgetting, metrics, pushes, convergence, updates }: Served,
): UpdateLoop {
  const { issuers, modules, domains, peers, logs } = followed;
  issuers.follow(configuration.snapshot());
  modules.onFetched(metrics.recordModule);
  modules.follow(configuration.snapshot());
  const loop = createUpdateLoop({
    discovery,
    snapshot: configuration.snapshot(),
    standIns: options.standIns ?? [],
    federated: federatedDomains(identity.givenTrust()),
    issuerKeys: issuers.addresses,
    wasmModules: modules.modules,
    proxies: () => registry.proxies(),
    health: () => registry.health(),
    forgetting,
    publish,
    onUpdate: (update) => {
      pushes.begin(update.changed.map(({ ref }) => formatRef(ref)));
      metrics.recordUpdate(update);
      convergence.follow(update);
      logUpdate(logs.loggers.config, update);
      updates.tell(update);
    },
    onComputed: (ms) => {
      metrics.recordComputed(ms);
      pushes.computed(ms);
    },
    onFault: followed.onFault,
    clock: steadyClock,
  });
  configuration.onSnapshot(({ snapshot, ...cost }) => {
    pushes.read(cost);
    for (const one of [issuers, modules, domains]) one.follow(snapshot);
    loop.setSnapshot(snapshot);
  });
  for (const one of [domains, modules, peers]) one.onChange(updates.tell);
  modules.onModules(loop.wasmModulesChanged);
  issuers.onChange((change) => {
    loop.issuerKeysChanged();
    updates.tell(change);
  });
  registry.onChange(() => {
    loop.proxiesChanged();
  });
  return loop;
}

function openDebug(
  { operators }: ControlPlaneOptions,
  parts: Parts,
  { ads, sessions, events, pushes, updates, version, refusals, effects }: Served,
): DebugEndpoints {
  const { encoder, configuration, discovery, identity, logs, api } = parts;
  const connected = () => sessions.connected().map((session) => session.connected);
  return createDebugEndpoints({
    observed: {
      streams: () => ads().streams(),
      accepted: (stream, typeUrl) => ads().accepted(stream, typeUrl),
      wanted: (stream, typeUrl) => ads().wanted(stream, typeUrl),
      outstanding: (stream) => ads().outstanding(stream),
      sessions: () => sessions.connected(),
      peers: () => parts.peers.statuses(),
      refresh: () => configuration.refresh(),
      snapshot: () => configuration.snapshot(),
      mesh: () => discovery.mesh(),
      events,
      pushes,
      onUpdate: (listener) => updates.add(listener),
      effects,
      madeAt: refusals.madeAt,
      makersOf: refusals.makersOf,
    },
    version,
    api,
    encoder,
    resourcesOf: (proxy) => discovery.resourcesOf({ proxy, controlPlane: undefined }),
    authenticate: identity.authenticate,
    operators: operators ?? [],
    plans: { begin: createPlanner({ ...parts, connected }), clock: steadyClock },
    now: systemClock.now,
    logs,
  });
}
