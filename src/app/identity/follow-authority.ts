/** Rotates the root when it is asked to, as fast as the proxies of this control plane trust the next one. */
import type { Readiness } from "../../ca/authority/rotation.js";
import { fingerprintOfPem } from "../../ca/certificate/pem.js";
import type { AdsServer } from "../../xds/ads-server.js";
import type { PeerStatus } from "../peers/peers.js";
import type { ProxyRegistry } from "../registry/proxy-registry.js";
import type { Registration } from "../registry/registration.js";
import type { ProxySessions } from "../sessions/proxy-sessions.js";
import type { Identity } from "./identity.js";
import { rootReadiness } from "./root-readiness.js";

/** What is looked at. */
export interface FollowAuthorityOptions {
  readonly identity: Identity;
  readonly registry: Pick<ProxyRegistry, "own">;
  readonly ads: Pick<AdsServer, "streams" | "accepted">;
  readonly sessions: Pick<ProxySessions, "connected">;
  readonly peers: { readonly statuses: () => readonly PeerTrust[] };
}

/** Another control plane of the mesh, and which roots its proxies trust, as it told last. */
type PeerTrust = Pick<PeerStatus, "address" | "trustedRoots">;

/** See the top of this file. */
export function followAuthority({
  identity,
  registry,
  ads,
  sessions,
  peers,
}: FollowAuthorityOptions): void {
  const own = (): Readiness =>
    rootReadiness({
      streams: ads.streams(),
      accepted: (stream, typeUrl) => ads.accepted(stream, typeUrl),
      members: membersOf(sessions, registry),
      roots: identity.secrets.roots(),
    });
  identity.followAuthority(
    () => withPeers(own(), peers.statuses(), identity.authority.status().next),
    own,
  );
}

/** How far proxies are, with those of other control planes: each is waited for until it told that they trust all of these roots. */
function withPeers(
  { waiting, ...own }: Readiness,
  peers: readonly PeerTrust[],
  roots: readonly string[],
): Readiness {
  const wanted = roots.map(fingerprintOfPem);
  const behind = peers.filter(({ trustedRoots }) =>
    wanted.some((root) => !trustedRoots.includes(root)),
  );
  const others = behind.map(({ address }) => `the proxies of the control plane ${address}`);
  return { ...own, waiting: [...waiting, ...others] };
}

/** The proxies that proved who they are: those that are connected, and those that left a moment ago. */
function membersOf(
  sessions: Pick<ProxySessions, "connected">,
  registry: Pick<ProxyRegistry, "own">,
): ReadonlySet<string> {
  const connected = sessions.connected().filter(({ proof }) => proof !== undefined);
  return new Set([
    ...[...registry.own().values()].filter(isHere).map(({ proxy }) => proxy.id),
    ...connected.map((session) => session.connected.proxy.id),
  ]);
}

/** Those that are elsewhere are waited for there. */
const isHere = ({ presence }: Registration): boolean => presence !== "reported";
