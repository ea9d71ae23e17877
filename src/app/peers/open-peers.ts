/** Opens what a control plane has to do with others of its mesh, and says where that is kept. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { ServiceDefinition } from "@grpc/grpc-js";
import type { Logger } from "pino";
import { systemClock } from "../../base/clock.js";
import { formatHostPort } from "../../base/text/host-port.js";
import { limitedAscii } from "../../base/text/limited-ascii.js";
import { readPrivateFile, writePrivateFile } from "../../ca/private-file.js";
import { serviceDefinition } from "../../debug/grpc-service.js";
import type { GrpcServer, TlsSource } from "../../grpc/server.js";
import type { ControlPlaneOptions } from "../control-plane-options.js";
import type { Identity } from "../identity/identity.js";
import { createLimitedLog } from "../log/limited-log.js";
import { logError } from "../log/log-error.js";
import { GRACE_MS, MAX_REGISTRY_BYTES } from "../registry/open-registry.js";
import type { ProxyRegistry } from "../registry/proxy-registry.js";
import { createProvedStreams, type ProvedStreams } from "../sessions/proved-streams.js";
import { callPeer } from "./peer-call.js";
import { PEER_SERVICE } from "./peer-messages.js";
import { addPeerService, type PeerServiceOptions } from "./peer-service.js";
import { openPeers, type PeerStatus, type Peers } from "./peers.js";

/** What there is to do with others. */
export interface PeersOfMesh extends Peers, Pick<ProvedStreams, "endRevoked"> {
  /** Adds what others ask; for ports with TLS alone. */
  readonly addService: (server: GrpcServer) => void;
}

/** What it is opened with. */
export interface OpenPeersOptions extends Pick<ControlPlaneOptions, "stateDir" | "peers"> {
  readonly identity: Pick<Identity, "isControlPlane" | "trustedByAll">;
  readonly registry: ProxyRegistry;
  readonly tls: TlsSource;
  readonly version: string;
  /** fairlead's own API, as a serialized FileDescriptorSet. */
  readonly api: Uint8Array;
  readonly logger: Logger;
}

/** So long the start waits for others: a machine that is gone does not answer at all. */
const SETTLE_MS = 3000;

/**
 * Opens them; resolves when all is known that is registered at others, so that no proxy is told of fewer endpoints than it has, or
 * when they do not answer.
 */
export async function openPeersOfMesh(options: OpenPeersOptions): Promise<PeersOfMesh> {
  const api = createFileRegistry(fromBinary(FileDescriptorSetSchema, options.api));
  const definition = serviceDefinition(api, PEER_SERVICE);
  const controlPlane = { start: randomUUID(), name: hostname(), version: options.version };
  const streams = createProvedStreams(systemClock);
  const peers = await follow(options, definition, controlPlane.start);
  await Promise.race([
    peers.settled,
    new Promise<void>((resolve) => {
      systemClock.after(SETTLE_MS, resolve);
    }),
  ]);
  return {
    ...peers,
    endRevoked: streams.endRevoked,
    addService: (server) => {
      addPeerService(server, definition, serviceOptions(options, { controlPlane, streams }));
    },
  };
}

function follow(
  { stateDir, peers = [], registry, tls, logger }: OpenPeersOptions,
  definition: ServiceDefinition,
  ownStart: string,
): Promise<Peers> {
  const file = join(stateDir, "peers.json");
  const byText = new Map(peers.map((peer) => [formatHostPort(peer), peer]));
  return openPeers({
    addresses: [...byText.keys()],
    call: (text, listener) => {
      const address = byText.get(text);
      if (address === undefined) throw new TypeError(`there is no control plane ${text}`);
      return callPeer({ address, definition, tls }, listener);
    },
    ownStart,
    registry,
    storage: {
      load: async () => (await readPrivateFile(file, MAX_REGISTRY_BYTES))?.toString("utf8"),
      save: (text) => writePrivateFile(file, text),
    },
    graceMs: GRACE_MS,
    clock: systemClock,
    onStatus: (status) => {
      logStatus(logger, status);
    },
    onUnread: (peer, count) => {
      logger.warn({ peer, count }, "left out registrations that are not known here");
    },
    onError: logError(logger, "cannot keep what other control planes told"),
  });
}

function serviceOptions(
  { identity, registry, logger }: OpenPeersOptions,
  common: Pick<PeerServiceOptions, "controlPlane" | "streams">,
): PeerServiceOptions {
  const warn = (message: string) =>
    createLimitedLog({
      now: systemClock.now,
      write: (fields) => {
        logger.warn(fields, message);
      },
    });
  const tooLong = warn("a proxy says so much of itself that other control planes are not told");
  const refused = warn("refused somebody who is no control plane of this mesh");
  return {
    ...common,
    check: identity.isControlPlane,
    trust: identity.trustedByAll,
    registrations: registry.own,
    onChange: registry.onOwnChange,
    onRefused: (fields) => {
      refused("refused", fields);
    },
    onTooLong: (id) => {
      tooLong("too-long", { proxy: limitedAscii(id) });
    },
  };
}

function logStatus(
  logger: Logger,
  { address: peer, isFollowing, controlPlane, problem, registrations }: PeerStatus,
): void {
  if (isFollowing) {
    const { name, version } = controlPlane ?? {};
    const fields = { peer, name, version, workloads: registrations.size };
    logger.info(fields, "following another control plane");
  } else logger.warn({ peer, problem }, "another control plane is not followed");
}
