/** All that one sidecar is sent: what it shares with the other callers of its scope, and the part of its own workload. */
import type { Engine } from "../../base/engine/engine.js";
import type { Mesh } from "../../mesh/mesh.js";
import { createInboundPart } from "../inbound/inbound-part.js";
import {
  createWorkloadPart,
  type WorkloadPart,
  type WorkloadPartBuilder,
} from "../inbound/workload-part.js";
import type { ClusterUnion, ConnectedProxy } from "../proxy/connected-proxy.js";
import type { ProxyBuilder, ProxyBuilders } from "../proxy/proxy-builders.js";
import type { ProxyContext } from "../proxy/proxy-context.js";
import type { Encoder } from "../resource/encoder.js";
import { proxySets, type ResourceSet, type SetParts, unionOf } from "../resource/resource-set.js";
import { createOnDemand } from "./on-demand.js";
import { createSidecarListeners } from "./sidecar-listeners.js";
import type { SidecarOutbound } from "./sidecar-outbound.js";

/** The sets of a sidecar that have something of its own in them. */
type OwnSetParts = Pick<SetParts, "clusters" | "listeners" | "names" | "secrets" | "extensions">;

/** What these are made of. Most edits change endpoints or routes, and so nothing of it. */
interface OwnSetInputs extends Pick<SidecarOutbound, "clusters" | "listeners" | "names"> {
  readonly own: WorkloadPart;
  readonly secrets: ResourceSet;
  readonly extensions: ResourceSet;
}

/** The builder of these sets of one sidecar. `clusters` and `listeners` unite what it shares with what is its own. */
function createOwnSets(
  engine: Engine,
  clusters: ClusterUnion,
  listeners: ReturnType<ReturnType<typeof createSidecarListeners>>,
): (inputs: OwnSetInputs) => OwnSetParts {
  const secrets = engine.latest("secrets of a sidecar", unionOf);
  return engine.latestFields<OwnSetInputs, OwnSetParts>(
    "what sets of a proxy have of its own",
    { clusters: true, listeners: true, names: true, own: true, secrets: true, extensions: true },
    (inputs) => ({
      clusters: clusters(inputs.clusters, inputs.own.clusters),
      ...listeners(inputs, inputs.own.listeners),
      secrets: secrets(inputs.secrets, inputs.own.secrets),
      extensions: inputs.extensions,
    }),
  );
}

/** What a sidecar's context decides, before it is known which clusters it has. */
interface SidecarInContext {
  readonly outbound: (mesh: Mesh) => SidecarOutbound;
  readonly own: ReturnType<WorkloadPartBuilder["inputsIn"]>;
  readonly secrets: ResourceSet;
  readonly extensions: ResourceSet;
}

/** Makes the builder of each sidecar. */
export function createSidecars(
  shared: ProxyBuilders,
  encoder: Encoder,
): (connected: ConnectedProxy) => ProxyBuilder {
  const { engine, clusterUnions, clientSecrets, extensionConfigs, outbound: outboundAt } = shared;
  const inbound = createInboundPart(engine, encoder, shared.secretResources);
  const onDemand = createOnDemand(engine);
  const listenersOf = createSidecarListeners(shared, encoder);
  return (connected) => {
    const { proxy } = connected;
    const contextIn = shared.contextFinder(proxy);
    const ownPart = createWorkloadPart({ ...shared, inbound }, proxy);
    const inContext = engine.latestOf(
      "sidecar in its context",
      (context: ProxyContext): SidecarInContext => ({
        outbound: outboundAt(context.scope, proxy.mode !== "NONE", context.locality),
        own: ownPart.inputsIn(context),
        secrets: clientSecrets(context.mesh.credentials, proxy),
        extensions: extensionConfigs(context.mesh.extensions, proxy),
      }),
    );
    const asking = proxy.onDemand ? onDemand() : undefined;
    const ownSets = createOwnSets(engine, clusterUnions(connected), listenersOf(proxy));
    const together = engine.latest(
      "sets of a proxy",
      (
        outbound: SidecarOutbound,
        own: WorkloadPart,
        secrets: ResourceSet,
        extensions: ResourceSet,
      ) => {
        const { clusters, listeners, names } = outbound;
        return proxySets(
          ownSets({ clusters, listeners, names, own, secrets, extensions }),
          outbound,
        );
      },
    );
    return (mesh) => {
      const parts = inContext(contextIn(mesh));
      const outbound = parts.outbound(mesh);
      const own = ownPart.build(parts.own, outbound.clusters);
      const all = together(outbound, own, parts.secrets, parts.extensions);
      return asking === undefined ? all : asking(all, outbound.scope, own.needed);
    };
  };
}
