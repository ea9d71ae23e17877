/** The control plane: puts the parts together, and owns the order in which they start and stop. */
import type { Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { ServerCredentials } from "@grpc/grpc-js";
import type { Logger } from "pino";
import { type Configuration, openConfiguration } from "./app/configuration.js";
import { createConvergence, type Settled } from "./app/convergence.js";
import { createDiscovery, type Discovery } from "./app/discovery.js";
import { type GrpcPort, portError, startGrpcPort } from "./app/grpc-servers.js";
import { createHttpServer } from "./app/http-server.js";
import { createListeners } from "./app/listeners.js";
import { logObserver } from "./app/log-observer.js";
import { createMetrics, type Metrics } from "./app/metrics.js";
import { joinObservers } from "./app/observers.js";
import { readDescriptors, readVersion } from "./app/package-files.js";
import { openProxyRegistry, type ProxyRegistry } from "./app/proxy-registry.js";
import { createProxySessions, type ProxySessions } from "./app/proxy-sessions.js";
import { type ProxyStatus, proxyStatuses } from "./app/proxy-status.js";
import type { Update } from "./app/update.js";
import { createUpdateLoop } from "./app/update-loop.js";
import { Engine } from "./base/engine.js";
import { createAuthenticator } from "./ca/authenticate.js";
import { type Authority, openAuthority } from "./ca/authority.js";
import { createGuessLimit } from "./ca/guess-limit.js";
import { readPrivateFile, writePrivateFile } from "./ca/private-file.js";
import { startServerTls } from "./ca/server-credentials.js";
import { systemTimers } from "./ca/timers.js";
import {
  createToken,
  openTokenStore,
  type TokenRequest,
  type TokenStore,
} from "./ca/token-store.js";
import { createWorkloadSecrets, type WorkloadSecrets } from "./ca/workload-secrets.js";
import { openWorkloadStore } from "./ca/workload-store.js";
import type { ConfigSnapshot } from "./config/snapshot.js";
import { createEncoder, type Encoder } from "./envoy/encoder.js";
import type { StandIn } from "./mesh/stand-in.js";
import { type AdsServer, createAdsServer } from "./xds/ads-server.js";
import { systemClock } from "./xds/clock.js";
import type { XdsObserver } from "./xds/observer.js";

export type { Settled } from "./app/convergence.js";
export type { ProxyStatus } from "./app/proxy-status.js";
export type { Update } from "./app/update.js";

/** What a control plane is started with. */
export interface ControlPlaneOptions {
  /** Directories of YAML; where two have a resource of one name, that of the first is in force. */
  readonly configDirs: readonly string[];
  /** A directory `<namespace>/<name>/tls.crt` and so on. */
  readonly secretsDir?: string;
  /** Keys, tokens and the last good configuration; private to its owner. */
  readonly stateDir: string;
  /** The address on which TLS and HTTP listen. */
  readonly address: string;
  /** The address on which plaintext listens; the loopback address when absent. Who reaches it may read all but secrets. */
  readonly plaintextAddress?: string;
  /** 0 for any that is free. */
  readonly plaintextPort: number;
  readonly tlsPort: number;
  readonly httpPort: number;
  /** DNS names and addresses by which proxies call the TLS port, beside the usual ones. */
  readonly tlsNames?: readonly string[];
  /** How long workload certificates are valid, in milliseconds; a day when absent. */
  readonly workloadTtlMs?: number;
  readonly standIns?: readonly StandIn[];
  /** false computes everything anew after each change: the same results, slowly. */
  readonly memo?: boolean;
  readonly logger: Logger;
}

/** A control plane that runs. */
export interface ControlPlane {
  readonly plaintextPort: number;
  readonly tlsPort: number;
  readonly httpPort: number;
  /** PEM of the roots that proxies have to trust. */
  readonly rootCertificates: string;
  snapshot(): ConfigSnapshot;
  /** The proxies that are connected, by id. */
  proxies(): readonly ProxyStatus[];
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

/** Ends what was started, the latest first. */
type Closers = (() => Promise<void> | void)[];

const LOOPBACK = "127.0.0.1";

/** How long a workload stays without its proxy. Istio's default for workloads that registered themselves. */
const GRACE_MS = 10_000;

async function closeAll(closers: Closers): Promise<void> {
  for (const closer of closers.splice(0).reverse()) await closer();
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
interface Parts {
  readonly encoder: Encoder;
  readonly configuration: Configuration;
  readonly discovery: Discovery;
  readonly authority: Authority;
  readonly tokens: TokenStore;
  readonly registry: ProxyRegistry;
}

async function openParts(options: ControlPlaneOptions, closers: Closers): Promise<Parts> {
  const { stateDir, secretsDir, workloadTtlMs, memo } = options;
  const encoder = createEncoder(await readDescriptors());
  const engine = new Engine(memo === undefined ? {} : { memo });
  const configuration = await openConfiguration({
    directories: options.configDirs,
    secretsDirectory: secretsDir,
    stateDirectory: stateDir,
    engine,
    onError: logError(options, "cannot read or keep the configuration"),
    onProblem: (problem) => {
      options.logger.warn({ code: problem.code }, problem.message);
    },
  });
  closers.push(() => configuration.close());
  const discovery = createDiscovery(encoder, configuration.snapshot(), engine);
  const authority = await openAuthority({
    stateDirectory: stateDir,
    trustDomain: discovery.meshConfig().trustDomain,
    ...(workloadTtlMs === undefined ? {} : { workloadTtlMs }),
    now: systemTimers.now,
  });
  const tokens = await openTokenStore(stateDir, systemTimers.now);
  const registry = await openRegistry(options);
  closers.push(() => registry.close());
  return { encoder, configuration, discovery, authority, tokens, registry };
}

function openRegistry(options: ControlPlaneOptions): Promise<ProxyRegistry> {
  const file = join(options.stateDir, "proxies.json");
  return openProxyRegistry({
    timers: systemTimers,
    graceMs: GRACE_MS,
    storage: {
      load: async () => (await readPrivateFile(file))?.toString("utf8"),
      save: (text) => writePrivateFile(file, text),
    },
    onError: logError(options, "cannot keep the list of proxies"),
  });
}

const logError =
  ({ logger }: ControlPlaneOptions, what: string) =>
  (error: unknown): void => {
    logger.error({ err: error }, what);
  };

async function openSecrets(
  options: ControlPlaneOptions,
  { authority, encoder }: Parts,
  onChange: () => void,
): Promise<WorkloadSecrets> {
  const store = await openWorkloadStore({
    stateDirectory: options.stateDir,
    authority,
    onError: logError(options, "cannot keep a workload's certificate"),
  });
  return createWorkloadSecrets({
    authority,
    store,
    encode: encoder.encode,
    timers: systemTimers,
    onError: logError(options, "cannot renew a workload's certificate"),
    onChange,
  });
}

function createSessions(
  { logger }: ControlPlaneOptions,
  { discovery, authority, tokens, registry }: Parts,
  secrets: WorkloadSecrets,
): ProxySessions {
  return createProxySessions({
    authenticate: createAuthenticator({
      authority,
      tokens,
      guesses: createGuessLimit({ now: systemTimers.now }),
      now: systemTimers.now,
    }),
    secrets,
    resourcesOf: discovery.resourcesOf,
    join: registry.connect,
    onRefused: (reason, fields) => {
      logger.warn({ reason, ...fields }, "refused a proxy");
    },
    timers: systemTimers,
  });
}

/** What is served, and who watches. */
interface Service {
  readonly ads: AdsServer;
  readonly sessions: ProxySessions;
  readonly metrics: Metrics;
}

async function serve(
  options: ControlPlaneOptions,
  parts: Parts,
  closers: Closers,
): Promise<ControlPlane> {
  const { configuration, discovery, authority, tokens, registry } = parts;
  const updates = createListeners<Update>();
  const settled = createListeners<Settled>();
  const metrics = createMetrics();
  const convergence = createConvergence({ timers: systemTimers, onSettled: settled.tell });
  const secrets = await openSecrets(options, parts, () => {
    ads.publish();
  });
  closers.push(() => {
    secrets.stop();
  });
  const sessions = createSessions(options, parts, secrets);
  const observers: readonly XdsObserver[] = [
    metrics.observer,
    convergence.observer,
    logObserver(options.logger),
  ];
  const ads = createAdsServer({
    sessions,
    registry: parts.encoder.registry,
    clock: systemClock(),
    observer: joinObservers(observers),
  });
  const loop = createUpdateLoop({
    discovery,
    snapshot: configuration.snapshot(),
    standIns: options.standIns ?? [],
    proxies: registry.proxies,
    connected: () => sessions.connected().map(({ connected }) => connected.proxy),
    publish: ads.publish,
    onUpdate: (update) => {
      convergence.follow(update);
      updates.tell(update);
    },
    onComputed: metrics.recordUpdate,
    timers: systemTimers,
  });
  closers.push(loop.close);
  configuration.onSnapshot(loop.setSnapshot);
  registry.onChange(loop.proxiesChanged);
  const ports = await listen(options, authority, { ads, sessions, metrics }, closers);
  return {
    ...ports,
    rootCertificates: authority.roots.join(""),
    snapshot: configuration.snapshot,
    proxies: () => proxyStatuses(ads.streams(), sessions.connected()),
    createToken: async (request) => (await createToken(tokens, request)).text.reveal(),
    setStandIns: loop.setStandIns,
    onUpdate: updates.add,
    onSettled: settled.add,
    idle: convergence.idle,
    close: () => closeAll(closers),
  };
}

type Ports = Pick<ControlPlane, "plaintextPort" | "tlsPort" | "httpPort">;

async function listen(
  options: ControlPlaneOptions,
  authority: Authority,
  { ads, metrics }: Service,
  closers: Closers,
): Promise<Ports> {
  const { address, plaintextPort, tlsPort, tlsNames } = options;
  const tls = await startServerTls({
    authority,
    timers: systemTimers,
    onError: logError(options, "cannot renew the server's certificate"),
    ...(tlsNames === undefined ? {} : { names: tlsNames }),
  });
  closers.push(tls.stop);
  const open = async (port: Promise<GrpcPort>): Promise<number> => {
    const served = await port;
    closers.push(() => served.close());
    return served.port;
  };
  const plaintext = {
    address: options.plaintextAddress ?? LOOPBACK,
    port: plaintextPort,
    purpose: "xDS",
    flag: "--port",
  };
  const encrypted = { address, port: tlsPort, purpose: "xDS over TLS", flag: "--tls-port" };
  const insecure = ServerCredentials.createInsecure();
  let ready = false;
  const http = createHttpServer({
    ready: () => ready,
    metrics: metrics.text,
    metricsType: metrics.contentType,
    version: { version: await readVersion() },
  });
  closers.push(() => {
    http.close();
    http.closeAllConnections();
  });
  const ports = {
    plaintextPort: await open(startGrpcPort(ads, plaintext, insecure, true)),
    tlsPort: await open(startGrpcPort(ads, encrypted, tls.credentials, false)),
    httpPort: await listenHttp(http, options),
  };
  ready = true;
  return ports;
}

async function listenHttp(
  server: HttpServer,
  { address, httpPort: port }: ControlPlaneOptions,
): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => {
      reject(portError({ address, port, purpose: "HTTP", flag: "--http-port" }, error));
    });
    server.listen({ host: address, port }, resolve);
  });
  return (server.address() as AddressInfo).port;
}
