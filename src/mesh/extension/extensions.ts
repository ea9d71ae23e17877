/** WasmPlugins and TrafficExtensions: filters that users add, and in which proxies. */
import type { Engine } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import type { Path } from "../../config/kind.js";
import type { TrafficSelectors, WasmConfig } from "../../config/kinds/extensions/wasm-config.js";
import type { PolicyTargets } from "../../config/kinds/value/selectors.js";
import type { ResourceOf } from "../../config/kinds.js";
import { type ConfigResource, keyOf, type ResourceRef, refOf } from "../../config/resource.js";
import { isFor, type PolicySubject } from "../policy-targets.js";

/** Where in a chain of filters an extension is, in their order: before callers are known, before they are judged, after that. */
export const PHASES = ["AUTHN", "AUTHZ", "STATS", "LAST"] as const;
export type Phase = (typeof PHASES)[number];

/** A filter that a user adds. */
export interface Extension {
  readonly source: ResourceRef;
  /** Where in that resource it is written what the filter runs. */
  readonly path: Path;
  /** The name of its filter, and of what configures it. See Istio, WasmPluginResourceNamePrefix. */
  readonly name: string;
  readonly phase: Phase;
  /** Of one phase the larger ones are passed first. */
  readonly priority: number;
  /** Which traffic passes it; all when there is nothing. */
  readonly match: TrafficSelectors;
  readonly runs: { readonly wasm: WasmConfig } | { readonly lua: string };
}

type WasmPlugin = ResourceOf<"WasmPlugin">;
type TrafficExtension = ResourceOf<"TrafficExtension">;

/** Those of a mesh: by namespace, then by `namespace/name`. */
export interface Extensions {
  readonly wasmPlugins: Table<Table<WasmPlugin>>;
  readonly trafficExtensions: Table<Table<TrafficExtension>>;
}

/** The builder of these: the same object while there are the same. */
export function createExtensions(
  engine: Engine,
): (tables: {
  readonly WasmPlugin: Table<WasmPlugin>;
  readonly TrafficExtension: Table<TrafficExtension>;
}) => Extensions {
  const namespaceOf = ({ metadata }: ConfigResource): readonly string[] => [metadata.namespace];
  const plugins = engine.group<WasmPlugin>("WasmPlugins by namespace", namespaceOf);
  const others = engine.group<TrafficExtension>("TrafficExtensions by namespace", namespaceOf);
  const together = engine.latest(
    "extensions",
    (
      wasmPlugins: Extensions["wasmPlugins"],
      trafficExtensions: Extensions["trafficExtensions"],
    ): Extensions => ({ wasmPlugins, trafficExtensions }),
  );
  return (tables) => together(plugins(tables.WasmPlugin), others(tables.TrafficExtension));
}

/** What a WasmPlugin adds. */
function ofPlugin(plugin: WasmPlugin): Extension {
  const { spec, metadata } = plugin;
  return {
    source: refOf(plugin),
    path: ["spec", "url"],
    name: `extensions.istio.io/wasmplugin/${metadata.namespace}.${metadata.name}`,
    phase: phaseOf(spec.phase),
    priority: spec.priority ?? 0,
    match: spec.match ?? [],
    runs: { wasm: spec },
  };
}

/** What a TrafficExtension adds; nothing of one that says neither. */
function ofTrafficExtension(extension: TrafficExtension): readonly Extension[] {
  const { spec, metadata } = extension;
  const common = {
    source: refOf(extension),
    name: `extensions.istio.io/trafficextension/${metadata.namespace}.${metadata.name}`,
    phase: phaseOf(spec.phase),
    priority: spec.priority ?? 0,
    match: spec.match ?? [],
  };
  if (spec.wasm !== undefined) {
    return [{ ...common, path: ["spec", "wasm", "url"], runs: { wasm: spec.wasm } }];
  }
  if (spec.lua === undefined) return [];
  return [{ ...common, path: ["spec", "lua", "inlineCode"], runs: { lua: spec.lua.inlineCode } }];
}

/** A phase in the long or the short word for it; whatever says none is the last. */
function phaseOf(word = ""): Phase {
  const short = word.replace(/^EXECUTION_PHASE_/, "");
  return PHASES.find((phase) => phase === short) ?? "LAST";
}

/** The order in which requests pass them. See Istio, WasmPlugin.phase and priority. */
function compareExtensions(a: Extension, b: Extension): number {
  const rank = ({ phase }: Extension): number => PHASES.indexOf(phase);
  return rank(a) - rank(b) || b.priority - a.priority || compareNames(a.source, b.source);
}

function compareNames(a: ResourceRef, b: ResourceRef): number {
  const text = ({ name, namespace, kind }: ResourceRef): string => `${name} ${namespace} ${kind}`;
  return text(a) < text(b) ? -1 : 1;
}

const NO_PLUGINS = Table.empty<WasmPlugin>();
const NO_TRAFFIC_EXTENSIONS = Table.empty<TrafficExtension>();

/** Those of one namespace. */
interface OfNamespace {
  readonly plugins: Table<WasmPlugin>;
  readonly others: Table<TrafficExtension>;
}

const inNamespace = (all: Extensions, namespace: string): OfNamespace => ({
  plugins: all.wasmPlugins.get(namespace) ?? NO_PLUGINS,
  others: all.trafficExtensions.get(namespace) ?? NO_TRAFFIC_EXTENSIONS,
});

/** Finds extensions. Who asks for the same ones is given one list. */
export interface ExtensionFinder {
  /** Those of a workload, in the order in which they are passed. */
  readonly of: (
    all: Extensions,
    rootNamespace: string,
    subject: PolicySubject,
  ) => readonly Extension[];
  /** What a resource adds now. */
  readonly at: (all: Extensions, ref: ResourceRef) => readonly Extension[];
}

/** The finder of extensions. */
export function createExtensionFinder(engine: Engine): ExtensionFinder {
  const plugin = engine.memo("extension of a WasmPlugin", ofPlugin);
  const other = engine.memo("extension of a TrafficExtension", ofTrafficExtension);
  const list = engine.memo("extensions together", (...all: Extension[]) => all);
  return {
    of: (all, rootNamespace, subject) => {
      if (all.wasmPlugins.size + all.trafficExtensions.size === 0) return list();
      const isOwn = (one: ConfigResource<PolicyTargets>): boolean => isFor(one, subject);
      const found = [...new Set([rootNamespace, subject.namespace])].flatMap((namespace) => {
        const { plugins, others } = inNamespace(all, namespace);
        return [
          ...[...plugins.values()].filter(isOwn).map((one) => plugin(one)),
          ...[...others.values()].filter(isOwn).flatMap((one) => other(one)),
        ];
      });
      return list(...found.sort(compareExtensions));
    },
    at: (all, { kind, namespace, name }) => {
      const { plugins, others } = inNamespace(all, namespace);
      const key = keyOf({ namespace, name });
      const [own, its] = [plugins.get(key), others.get(key)];
      if (kind === "WasmPlugin") return own === undefined ? [] : [plugin(own)];
      return its === undefined ? [] : other(its);
    },
  };
}
