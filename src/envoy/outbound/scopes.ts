/** The scopes of proxies. What the proxies of one scope share is made once for all of them. */
import type { Engine } from "../../base/engine/engine.js";
import { type EnvoyPatches, patchesKey } from "../../mesh/extension/envoy-filters.js";
import { backendCredentialFor } from "../../mesh/gateway-api/backend-certificate.js";
import type { Mesh } from "../../mesh/mesh.js";
import { connectionSettings, DEFAULT_CONNECTIONS } from "../../mesh/proxy/connection-settings.js";
import { httpProxyPort } from "../../mesh/proxy/http-proxy-port.js";
import { httpSettings } from "../../mesh/proxy/http-settings.js";
import {
  type AddressFamilies,
  familiesOf,
  isOnLoopback,
  lookUpFamily,
  ownEgressAddress,
  type Proxy,
} from "../../mesh/proxy/proxy.js";
import type { ClientLocality } from "../../mesh/routing/locality-balancing.js";
import { sidecarKey } from "../../mesh/sidecar/sidecar.js";
import { relevantLabels } from "../../mesh/view/caller-labels.js";
import { createCommonViews } from "../../mesh/view/caller-views.js";
import { NO_NAMESPACE } from "../../mesh/view/host-view.js";
import { isForSide, type PatchSide } from "../patch/compiled-patch.js";
import type { Patches, PatchSources } from "../patch/patches.js";
import type { Encoder } from "../resource/encoder.js";
import type { ResourceSet } from "../resource/resource-set.js";
import type { Logs } from "../telemetry/proxy-logs.js";
import type { ClusterRows } from "./clusters.js";
import { createSidecarPart } from "./egress-part.js";
import { type CapturedListenerInputs, createCapturedListeners } from "./listeners.js";
import {
  createCommonRowsOfLocality,
  createLocalityPart,
  createSeparateLocalityPart,
  type LocalityPart,
} from "./locality-part.js";
import {
  type CommonPart,
  createClientTraits,
  createCommonPart,
  createOutboundPart,
  createSharedBuilders,
  type OutboundPart,
  type SharedBuilders,
} from "./outbound-part.js";
import type { CallersDns, OutboundScope } from "./outbound-scope.js";
import { patchedScope } from "./patched-scope.js";
import type { ScopeBuilder } from "./scope-builder.js";

/** The scopes that proxies are in. */
export interface Scopes {
  readonly builderFor: (scope: OutboundScope) => ScopeBuilder;
  /**
   * Builds ahead what sidecars at this locality that come will share: of all namespaces first, then of each that has
   * services. A step at a time, each of the mesh as it is then.
   */
  readonly prepare: (mesh: () => Mesh, locality: (mesh: Mesh) => ClientLocality) => Iterable<void>;
  /** Forgets the scopes that none of these proxies is in. */
  readonly forgetScopesWithout: (mesh: Mesh, proxies: Iterable<Proxy>) => void;
}

/** The parts of a mesh that decide the scope of a proxy. */
type ScopeInputs = Pick<
  Mesh,
  "callerLabels" | "sidecars" | "config" | "lookedUpServices" | "backendCertificates"
>;

/** The same, with what says which patches are for a proxy. */
export type ScopingInputs = ScopeInputs & PatchSources;

/** How many namespaces are prepared at most: what is prepared stays in memory. */
const MAX_PREPARED = 100;

const outboundSide = ({ router }: Pick<OutboundScope, "router">): PatchSide =>
  router ? "GATEWAY" : "SIDECAR_OUTBOUND";

/** The family of the allocated addresses that a proxy answers DNS with; `""` of one that answers nothing. */
function familyOf({ type, mode, dns, address }: Proxy): CallersDns["allocated"] {
  if (type === "router" || mode === "NONE" || dns === "nobody") return "";
  return address.includes(":") ? "ipv6" : "ipv4";
}

/** A gateway's listeners are its own; what it shares with others is the same for both families as for IPv4. */
const scopedFamilies = (proxy: Proxy): AddressFamilies => {
  const families = familiesOf(proxy);
  return proxy.type === "router" ? lookUpFamily(families) : families;
};

/** The scope of a proxy with these patches. */
export function scopeOf(
  { callerLabels, sidecars, config, lookedUpServices, backendCertificates }: ScopeInputs,
  proxy: Proxy,
  patches: EnvoyPatches,
): OutboundScope {
  const side = outboundSide({ router: proxy.type === "router" });
  const credential =
    proxy.type === "router" ? backendCredentialFor(backendCertificates, proxy) : undefined;
  return {
    namespace: proxy.namespace,
    sidecar: proxy.type === "router" ? "" : sidecarKey(sidecars, proxy),
    labels: relevantLabels(proxy.labels, proxy.namespace, callerLabels),
    router: proxy.type === "router",
    captured: proxy.mode !== "NONE",
    settings: {
      httpProxyPort: httpProxyPort(config, proxy),
      headers: httpSettings(config, proxy),
      connections:
        proxy.type === "router" ? DEFAULT_CONNECTIONS : connectionSettings(proxy, "outbound"),
      onDemand: proxy.onDemand,
      ...(proxy.tracing === undefined ? {} : { tracing: proxy.tracing }),
      ...(credential === undefined ? {} : { credential }),
    },
    addresses: {
      families: scopedFamilies(proxy),
      // Where nothing is looked up, proxies at all addresses share all that is made.
      onLoopback: lookedUpServices.size > 0 && isOnLoopback(proxy),
      own: ownEgressAddress(proxy) ?? "",
    },
    dns: { isAnswered: proxy.dns !== "nobody", allocated: familyOf(proxy) },
    patches: patchesKey(patches.filter((patch) => isForSide(patch, side))),
  };
}

const keyOf = (scope: OutboundScope): string => JSON.stringify(scope);

/** The kind of caller: what the scopes of all namespaces share. */
function kindOf({ settings, addresses, ...scope }: OutboundScope): OutboundScope {
  const { tracing: _, ...others } = settings;
  return {
    ...scope,
    namespace: NO_NAMESPACE,
    settings: { ...others, connections: DEFAULT_CONNECTIONS, onDemand: false },
    addresses: { ...addresses, families: lookUpFamily(addresses.families), own: "" },
    patches: "",
  };
}

/** The kind of a sidecar that captures, to which no Sidecar applies and whose labels nobody looks at. */
const usualKind = ({ config }: Pick<Mesh, "config">): OutboundScope => ({
  namespace: NO_NAMESPACE,
  sidecar: "",
  labels: {},
  router: false,
  captured: true,
  settings: {
    httpProxyPort: config.proxyHttpPort,
    headers: httpSettings(config, {}),
    connections: DEFAULT_CONNECTIONS,
    onDemand: false,
  },
  addresses: { families: "ipv4", onLoopback: false, own: "" },
  dns: { isAnswered: false, allocated: "" },
  patches: "",
});

function findOrMake<V>(all: Map<string, V>, key: string, make: () => V): V {
  const found = all.get(key);
  if (found !== undefined) return found;
  const made = make();
  all.set(key, made);
  return made;
}

/** What the builders of all scopes depend on. */
interface ScopeDependencies {
  readonly encoder: Encoder;
  readonly shared: SharedBuilders;
  readonly logsOf: Logs;
}

/** What makes the parts of a scope. */
interface PartBuilder {
  readonly part: (mesh: Mesh) => OutboundPart;
  /** Makes the maker of one locality's part. */
  readonly partOfLocality: (
    locality: ClientLocality,
  ) => (mesh: Mesh, part: OutboundPart) => LocalityPart;
}

/** What the scopes of one kind share. */
interface Common {
  readonly part: (mesh: Mesh) => CommonPart;
  /** Its rows for callers of a locality. */
  readonly rowsOfLocality: (locality: ClientLocality) => (mesh: Mesh) => ClusterRows;
}

/** A scope without patches. */
function plainScope(
  engine: Engine,
  { encoder, shared, logsOf }: ScopeDependencies,
  scope: OutboundScope,
  parts: PartBuilder,
): ScopeBuilder {
  const part = engine.latestOf("outbound part", parts.part);
  const { namespace, labels, router, settings } = scope;
  const query = { namespace, labels, router, side: "CLIENT", tracing: settings.tracing } as const;
  const logs = engine.latestOf("client logs", (mesh: Mesh) =>
    logsOf(mesh, query, part(mesh).clusters),
  );
  const captured = engine.latestFields<CapturedListenerInputs, ResourceSet>(
    "captured listeners",
    { entries: true, config: true, logs: true, unknown: true, filters: true },
    createCapturedListeners(engine, { encoder, listeners: shared.listeners }, scope),
  );
  const atLocality = engine.memo("part of a locality", (locality: ClientLocality) => {
    const build = parts.partOfLocality(locality);
    return engine.latestOf("part of a locality", (mesh: Mesh) => build(mesh, part(mesh)));
  });
  return {
    part,
    listeners: (mesh) => {
      const { entries, unknown, filters } = part(mesh);
      return captured({
        entries: entries.get(),
        config: mesh.config,
        logs: logs(mesh),
        unknown,
        filters: filters.get(),
      });
    },
    logs,
    atLocality: (mesh, locality) => atLocality(locality)(mesh),
    patches: () => undefined,
  };
}

/** The parts of a scope of its own: that of a Sidecar. */
function sidecarParts(
  engine: Engine,
  { encoder, shared }: ScopeDependencies,
  part: (build: ReturnType<typeof createSidecarPart>) => (mesh: Mesh) => OutboundPart,
): PartBuilder {
  return {
    part: part(createSidecarPart(engine, encoder, shared)),
    partOfLocality: (locality) => {
      const build = createSeparateLocalityPart(engine, shared);
      return (mesh, all) => build(mesh, locality, all);
    },
  };
}

/** The parts of a scope that has most in common with others of its kind. */
function commonParts(
  engine: Engine,
  { encoder, shared }: ScopeDependencies,
  scope: OutboundScope,
  common: Common,
): PartBuilder {
  const build = createOutboundPart(engine, encoder, shared);
  return {
    part: (mesh) => build(mesh, scope, common.part(mesh)),
    partOfLocality: (locality) => {
      const build = createLocalityPart(engine, shared);
      const rows = common.rowsOfLocality(locality);
      return (mesh, part) => build(mesh, locality, part, rows(mesh));
    },
  };
}

/** Makes what the scopes of a kind share. */
function createCommons(
  engine: Engine,
  { encoder, shared }: ScopeDependencies,
  traits: ReturnType<typeof createClientTraits>,
): (kind: OutboundScope) => Common {
  const views = createCommonViews(engine);
  const viewsOf = engine.latestOf("common views", (mesh: Mesh) => views(mesh));
  return (kind) => {
    const build = createCommonPart(engine, encoder, shared);
    const part = engine.latestOf("common part", (mesh: Mesh) =>
      build(mesh, viewsOf(mesh), kind, traits(mesh, kind)),
    );
    return {
      part,
      rowsOfLocality: engine.memo("common rows of a locality", (locality: ClientLocality) => {
        const rows = createCommonRowsOfLocality(engine, shared);
        return engine.latestOf("common rows of a locality", (mesh: Mesh) =>
          rows(mesh, locality, part(mesh)),
        );
      }),
    };
  };
}

/** The maker of scopes. */
export function createScopes(
  engine: Engine,
  encoder: Encoder,
  logsOf: Logs,
  patches: Patches,
): Scopes {
  const deps = { encoder, shared: createSharedBuilders(engine, encoder), logsOf };
  const traits = createClientTraits(engine);
  const commons = new Map<string, Common>();
  const scopes = new Map<string, ScopeBuilder>();
  const prepared = new Set<string>();
  const makeCommon = createCommons(engine, deps, traits);
  const commonOf = (kind: OutboundScope): Common =>
    findOrMake(commons, keyOf(kind), () => makeCommon(kind));
  const partsOf = (scope: OutboundScope): PartBuilder =>
    scope.sidecar === ""
      ? commonParts(engine, deps, scope, commonOf(kindOf(scope)))
      : sidecarParts(engine, deps, (build) => (mesh) => build(mesh, scope, traits(mesh, scope)));
  const scopeBuilder = (scope: OutboundScope): ScopeBuilder => {
    const plain = plainScope(engine, deps, scope, partsOf(scope));
    if (scope.patches === "") return plain;
    return patchedScope(engine, patches.patching, plain, (mesh) =>
      patches.patching.of(patches.at(mesh, scope.patches), outboundSide(scope)),
    );
  };
  const builderFor = (scope: OutboundScope): ScopeBuilder =>
    findOrMake(scopes, keyOf(scope), () => scopeBuilder(scope));
  return {
    builderFor,
    *prepare(mesh, locality) {
      const common = commonOf(usualKind(mesh()));
      common.part(mesh());
      yield;
      common.part(mesh()).rows.endpoints.get();
      common.part(mesh()).domains.get();
      common.part(mesh()).entries.get();
      yield;
      const namespaces = [...mesh().servicesByNamespace.keys()].sort();
      for (const namespace of namespaces.slice(0, MAX_PREPARED)) {
        const scope = { ...usualKind(mesh()), namespace };
        prepared.add(keyOf(scope));
        const builder = builderFor(scope);
        builder.atLocality(mesh(), locality(mesh())).endpoints.get();
        builder.listeners(mesh());
        builder.part(mesh()).routes.get();
        yield;
      }
    },
    forgetScopesWithout: (mesh, proxies) => {
      const wanted = [...proxies].map((proxy) => scopeOf(mesh, proxy, patches.for(mesh, proxy)));
      const keys = new Set(wanted.map(keyOf));
      const kinds = new Set([usualKind(mesh), ...wanted.map(kindOf)].map(keyOf));
      for (const key of scopes.keys()) {
        if (!keys.has(key) && !prepared.has(key)) scopes.delete(key);
      }
      for (const key of commons.keys()) if (!kinds.has(key)) commons.delete(key);
    },
  };
}
