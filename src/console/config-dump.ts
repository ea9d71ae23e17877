/** What a proxy was configured with, out of Envoy's `/config_dump`: see Envoy's API, envoy.admin.v3.ConfigDump. */
import type { AnyJson } from "@bufbuild/protobuf/wkt";
import { errorMessage } from "../base/error-message.js";
import type {
  ClusterJson,
  ClusterLoadAssignmentJson,
  ListenerJson,
  RouteConfigurationJson,
} from "../envoy/api.js";
import type {
  BootstrapConfigDumpJson,
  ClustersConfigDumpJson,
  EcdsConfigDumpJson,
  EndpointsConfigDumpJson,
  ListenersConfigDumpJson,
  RoutesConfigDumpJson,
  SecretsConfigDumpJson,
} from "./api.js";
import { DumpError } from "./dump-error.js";
import { canonicalJson } from "./proto-json.js";

/** The sections of a dump, each by the name of its message in envoy.admin.v3. */
interface Sections {
  readonly BootstrapConfigDump: BootstrapConfigDumpJson;
  readonly ClustersConfigDump: ClustersConfigDumpJson;
  readonly EndpointsConfigDump: EndpointsConfigDumpJson;
  readonly ListenersConfigDump: ListenersConfigDumpJson;
  readonly RoutesConfigDump: RoutesConfigDumpJson;
  readonly SecretsConfigDump: SecretsConfigDumpJson;
  readonly EcdsConfigDump: EcdsConfigDumpJson;
}

/** A dump in canonical JSON; it may lack sections. */
export type ConfigDump = Partial<Sections>;

/** How a dump with all that these commands show is saved. */
const SAVE_HINT = "save one with `curl 'http://ADMIN/config_dump?include_eds' > dump.json`";

const PREFIX = "type.googleapis.com/envoy.admin.v3.";

/**
 * Reads a text as Envoy's `/config_dump` answers it, or a part of it that was asked for with `?mask=` or `?resource=`.
 * @throws DumpError when it is nothing of the kind
 */
export function parseConfigDump(text: string): ConfigDump {
  return sectionsIn(canonicalJson(parseJson(text)));
}

/**
 * Reads a dump as a control plane tells it: in canonical JSON already, which takes as long to make as all the rest.
 * @throws DumpError when it is nothing of the kind
 */
export function parseCanonicalDump(text: string): ConfigDump {
  return sectionsIn(parseJson(text));
}

function sectionsIn(parsed: unknown): ConfigDump {
  const configs = (parsed as { readonly configs?: unknown } | null)?.configs;
  if (!Array.isArray(configs)) throw new DumpError("the dump has no `configs`", SAVE_HINT);
  const sections = configs.flatMap((section: unknown) => {
    const type = (section as { readonly "@type"?: unknown } | null)?.["@type"];
    return typeof type === "string" && type.startsWith(PREFIX)
      ? [[type.slice(PREFIX.length), section] as const]
      : [];
  });
  return Object.fromEntries(sections);
}

/**
 * Reads a text as JSON.
 * @throws DumpError when it is none
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DumpError(`the dump is no JSON: ${errorMessage(cause)}`, SAVE_HINT, { cause });
  }
}

/**
 * A section of a dump.
 * @throws DumpError when the dump lacks it
 */
export function sectionOf<Name extends keyof Sections>(
  dump: ConfigDump,
  name: Name,
): NonNullable<ConfigDump[Name]> {
  const section = dump[name];
  if (section === undefined) throw new DumpError(`the dump has no ${name}`, SAVE_HINT);
  return section;
}

/** The messages that Anys hold: in JSON an Any has the fields of its message. */
const unpack = (anys: readonly (AnyJson | undefined)[]): readonly object[] =>
  anys.filter((any) => any !== undefined);

/** The clusters in use: those that came over xDS, then those of the bootstrap. */
export function clustersOf(dump: ConfigDump): readonly ClusterJson[] {
  const { dynamicActiveClusters = [], staticClusters = [] } = sectionOf(dump, "ClustersConfigDump");
  return unpack([...dynamicActiveClusters, ...staticClusters].map(({ cluster }) => cluster));
}

/** The listeners in use, likewise. */
export function listenersOf(dump: ConfigDump): readonly ListenerJson[] {
  const { staticListeners = [] } = sectionOf(dump, "ListenersConfigDump");
  return [...dynamicListenersOf(dump), ...unpack(staticListeners.map(({ listener }) => listener))];
}

/** The listeners in use that came over xDS. */
export function dynamicListenersOf(dump: ConfigDump): readonly ListenerJson[] {
  const { dynamicListeners = [] } = sectionOf(dump, "ListenersConfigDump");
  return unpack(dynamicListeners.map(({ activeState }) => activeState?.listener));
}

/** The route tables: those that came over xDS, then those that stand in listeners. */
export function routesOf(dump: ConfigDump): readonly RouteConfigurationJson[] {
  const { dynamicRouteConfigs = [], staticRouteConfigs = [] } = sectionOf(dump, "RoutesConfigDump");
  return unpack([...dynamicRouteConfigs, ...staticRouteConfigs].map((one) => one.routeConfig));
}

/** The endpoints of clusters: those that came over xDS, then those of the bootstrap. */
export function endpointsOf(dump: ConfigDump): readonly ClusterLoadAssignmentJson[] {
  const { dynamicEndpointConfigs = [], staticEndpointConfigs = [] } = sectionOf(
    dump,
    "EndpointsConfigDump",
  );
  return unpack(
    [...dynamicEndpointConfigs, ...staticEndpointConfigs].map((one) => one.endpointConfig),
  );
}
