/**
 * All that one proxy is sent: the union of the part that it shares with the callers of its scope, the part of its workload
 * or of its Gateways, and what is its own.
 */
import type { Engine } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import type { ResourceOf } from "../../config/kinds.js";
import type { EnvoyPatches } from "../../mesh/extension/envoy-filters.js";
import type { UnservedServer } from "../../mesh/gateway/shared-ports.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import { groupOf, memberProxy } from "../../mesh/workload/group-member.js";
import { serverInputs } from "../gateway/gateway-part.js";
import { createGateways } from "../gateway/gateway-resources.js";
import type { LostPort } from "../listener/lost-ports.js";
import { lostPortsIn } from "../outbound/listeners.js";
import { createPatchCheck } from "../patch/check-patch.js";
import { isForSide, sidesOf } from "../patch/compiled-patch.js";
import type { Encoder } from "../resource/encoder.js";
import { madeSets, type ProxySets } from "../resource/resource-set.js";
import { createSidecars } from "../sidecar/sidecar-resources.js";
import type { ConnectedProxy } from "./connected-proxy.js";
import { createProxyBuilders, type ProxyBuilders } from "./proxy-builders.js";

/** Makes the resources of proxies, for one mesh after another. */
export interface ProxyResources {
  /** What a proxy should hold in this mesh. Equal parts are the same objects as before. */
  resourcesOf(mesh: Mesh, connected: ConnectedProxy): ProxySets;
  /** Builds in advance what sidecars that may connect later will share, a step at a time. */
  prepare(mesh: () => Mesh): Iterable<void>;
  /** Those of the patches for a proxy that have changed nothing of what any proxy was to be sent. */
  idlePatches(mesh: Mesh, connected: ConnectedProxy): EnvoyPatches;
  /** The servers of Gateways for a proxy that are not served. */
  unservedServers(mesh: Mesh, connected: ConnectedProxy): readonly UnservedServer[];
  /** The ports of services that no connection of bytes through a proxy leads to. */
  lostPorts(mesh: Mesh, connected: ConnectedProxy): readonly LostPort[];
  /** Forgets what is remembered for scopes that none of these proxies is in. */
  forgetScopesWithout(mesh: Mesh, proxies: Iterable<Proxy>): void;
}

/** Completes a proxy by its WorkloadGroup; the result is the same object while neither changes. */
function createMembers(
  engine: Engine,
): (mesh: Pick<Mesh, "groups">, connected: ConnectedProxy) => ConnectedProxy {
  const inGroup = engine.memo(
    "proxy of a group",
    (connected: ConnectedProxy, group: ResourceOf<"WorkloadGroup">): ConnectedProxy => ({
      ...connected,
      proxy: memberProxy(connected.proxy, group),
    }),
  );
  return ({ groups }, connected) => {
    const group = groupOf(connected.proxy, groups);
    return group === undefined ? connected : inGroup(connected, group);
  };
}

/** Only gateways have servers. */
const unservedFor = (
  { gatewayServersOf }: Pick<ProxyBuilders, "gatewayServersOf">,
  mesh: Mesh,
  proxy: Proxy,
): readonly UnservedServer[] =>
  proxy.type === "router" ? gatewayServersOf(serverInputs(mesh, proxy)).unserved : [];

/** The finder of the ports that no connection through a proxy leads to; there are some only where nothing is captured. */
function createLostPorts({
  engine,
  contextFinder,
  outbound,
}: Pick<ProxyBuilders, "engine" | "contextFinder" | "outbound">): (
  mesh: Mesh,
  proxy: Proxy,
) => readonly LostPort[] {
  const lostIn = engine.memo("ports without connections", lostPortsIn);
  return (mesh, proxy) => {
    if (proxy.type === "router" || proxy.mode !== "NONE") return [];
    const { scope, locality } = contextFinder(proxy)(mesh);
    const made = outbound(scope, false, locality)(mesh).listeners.get();
    return made instanceof Table ? [] : lostIn(made.entries);
  };
}

/** The maker of proxies' resources. */
export function createProxyResources(engine: Engine, encoder: Encoder): ProxyResources {
  const { shared, scopes, localities } = createProxyBuilders(engine, encoder);
  const { patches } = shared;
  const sidecar = createSidecars(shared, encoder);
  const gateway = createGateways(shared, encoder);
  const builderOf = engine.memo("builder of a proxy", (connected: ConnectedProxy) =>
    engine.latestOf(
      "resources of a proxy",
      connected.proxy.type === "router" ? gateway(connected) : sidecar(connected),
    ),
  );
  const memberOf = createMembers(engine);
  const resourcesOf: ProxyResources["resourcesOf"] = (mesh, connected) =>
    builderOf(memberOf(mesh, connected))(mesh);
  const check = createPatchCheck(encoder);
  const lostFor = createLostPorts(shared);
  return {
    resourcesOf,
    idlePatches: (mesh, connected) => {
      const { proxy } = memberOf(mesh, connected);
      const given = patches.for(mesh, proxy);
      if (given.length === 0) return given;
      // Whether a patch has an effect is known once what it is applied to has been made.
      madeSets(resourcesOf(mesh, connected));
      const sides = sidesOf(proxy);
      return given.filter(
        (patch) =>
          // The bootstrap is not sent by the control plane: its patches are applied where it is written.
          patch.applyTo !== "BOOTSTRAP" &&
          sides.some((side) => isForSide(patch, side)) &&
          !patches.patching.hasEffect(patch) &&
          check(patch) === undefined,
      );
    },
    unservedServers: (mesh, connected) =>
      unservedFor(shared, mesh, memberOf(mesh, connected).proxy),
    lostPorts: (mesh, connected) => lostFor(mesh, memberOf(mesh, connected).proxy),
    prepare: (mesh) => scopes.prepare(mesh, localities.unknown),
    forgetScopesWithout: (mesh, proxies) => {
      const members = [...proxies].map((proxy) => memberProxy(proxy, groupOf(proxy, mesh.groups)));
      scopes.forgetScopesWithout(mesh, members);
    },
  };
}
