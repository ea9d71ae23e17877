/** Opens the parts of a control plane in the order in which they need each other. */

import { steadyClock, systemClock } from "../base/clock.js";
import { Engine } from "../base/engine/engine.js";
import { createPatchCheck } from "../envoy/patch/check-patch.js";
import { createEncoder, type Encoder } from "../envoy/resource/encoder.js";
import type { TlsSource } from "../grpc/server.js";
import type { Closers } from "./closers.js";
import { type Configuration, openConfiguration } from "./configuration.js";
import type { ControlPlaneOptions } from "./control-plane-options.js";
import { createDiscovery, type Discovery } from "./discovery.js";
import { type Followed, openFollowed } from "./followed/open-followed.js";
import { type Identity as MeshIdentity, openIdentity } from "./identity/identity.js";
import type { KeptGood } from "./last-good/last-good.js";
import { openLastGood } from "./last-good/open-last-good.js";
import { createFaultLog, type FaultLog } from "./log/fault-log.js";
import { logError } from "./log/log-error.js";
import { createScopedLoggers, type ScopedLoggers } from "./log/scoped-loggers.js";
import { readDescriptors, readOwnDescriptors, readVersion } from "./package-files.js";
import { openPeersOfMesh, type PeersOfMesh } from "./peers/open-peers.js";
import { watchEncoder } from "./refused/watched-encoder.js";
import { openRegistry } from "./registry/open-registry.js";
import type { ProxyRegistry } from "./registry/proxy-registry.js";

/** The parts of a control plane that are there before anything is served. */
export interface Parts extends Followed {
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

/**
 * Opens them, each from what those before it are; `closers` gets how to close each.
 * @throws AppError, StateFileError, CertificateError
 */
export async function openParts(options: ControlPlaneOptions, closers: Closers): Promise<Parts> {
  const { stateDir, secretsDir, memo } = options;
  const logs = createScopedLoggers(options.logger);
  const { ads, ca, config } = logs.loggers;
  const onFault = createFaultLog(ads, steadyClock.now);
  const engine = new Engine(memo === undefined ? {} : { memo });
  const descriptors = await readDescriptors();
  const { encoder, hasRefused } = watchEncoder(createEncoder(descriptors), engine, onFault);
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
