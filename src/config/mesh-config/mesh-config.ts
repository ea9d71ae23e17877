import { isMap } from "../../base/is-map.js";
import type { Finding } from "../kind.js";
import type { ClientTLSSettings } from "../kinds/networking/destination-rule/client-tls-settings.js";
import { type Findings, tolerate } from "../kinds/value/findings.js";
import { type ConfigResource, keyOf } from "../resource.js";
import { validateBody } from "../schema/schema.js";
import { inText, readText } from "./config-map-text.js";
import { checkExtensionProviders } from "./extension-provider-rules.js";
import { checkMeshConfig } from "./mesh-config-rules.js";
import { MeshConfigFields, type ProxyConfigFields } from "./mesh-config-schema.js";
import { meshNetworksFindings } from "./mesh-networks.js";
import { unappliedMeshFields } from "./mesh-unapplied.js";

/** The fields that have a value in every mesh. */
type Defaulted =
  | "accessLogEncoding"
  | "accessLogFile"
  | "accessLogFormat"
  | "connectTimeout"
  | "defaultConfig"
  | "defaultDestinationRuleExportTo"
  | "defaultProviders"
  | "defaultServiceExportTo"
  | "defaultVirtualServiceExportTo"
  | "disableEnvoyListenerLog"
  | "dnsRefreshRate"
  | "enableAutoMtls"
  | "enableEnvoyAccessLogService"
  | "enablePrometheusMerge"
  | "enableTracing"
  | "extensionProviders"
  | "h2UpgradePolicy"
  | "ingressClass"
  | "ingressControllerMode"
  | "ingressSelector"
  | "ingressService"
  | "localityLbSetting"
  | "protocolDetectionTimeout"
  | "proxyHttpPort"
  | "proxyInboundListenPort"
  | "proxyListenPort"
  | "rootNamespace"
  | "trustDomain"
  | "trustDomainAliases";

/** Fields that are objects of one field, which is always set. */
interface Modes {
  /** ALLOW_ANY_DYNAMIC_DNS looks the hosts of HTTP requests up, and lets other connections through. */
  readonly outboundTrafficPolicy: {
    readonly mode: "REGISTRY_ONLY" | "ALLOW_ANY" | "ALLOW_ANY_DYNAMIC_DNS";
    /** How the hosts that are looked up are called; in plaintext when absent. */
    readonly tls?: ClientTLSSettings;
  };
  readonly inboundTrafficPolicy: { readonly mode: "PASSTHROUGH" | "LOCALHOST" };
  readonly pathNormalization: {
    readonly normalization: "NONE" | "BASE" | "MERGE_SLASHES" | "DECODE_AND_MERGE_SLASHES";
  };
}

/**
 * What holds for the whole mesh, with Istio's defaults in place of what the user left out. Durations are as they were
 * written (`10s`). See Istio's MeshConfig (mesh/v1alpha1).
 */
export type MeshConfig = Readonly<
  Omit<MeshConfigFields, Defaulted | keyof Modes> & Required<Pick<MeshConfigFields, Defaulted>>
> &
  Modes;

const DEFAULT_PROXY_CONFIG: ProxyConfigFields = {
  configPath: "./etc/istio/proxy",
  binaryPath: "/usr/local/bin/envoy",
  serviceCluster: "istio-proxy",
  drainDuration: "45s",
  parentShutdownDuration: "60s",
  terminationDrainDuration: "5s",
  proxyAdminPort: 15000,
  controlPlaneAuthPolicy: "MUTUAL_TLS",
  discoveryAddress: "istiod.istio-system.svc:15012",
  statNameLength: 189,
  statusPort: 15020,
};

/** The mesh configuration of a mesh that has none. See Istio, pkg/config/mesh. */
const DEFAULT_MESH_CONFIG: MeshConfig = {
  accessLogEncoding: "TEXT",
  accessLogFile: "",
  accessLogFormat: "",
  connectTimeout: "10s",
  defaultConfig: DEFAULT_PROXY_CONFIG,
  defaultDestinationRuleExportTo: ["*"],
  defaultProviders: {},
  defaultServiceExportTo: ["*"],
  defaultVirtualServiceExportTo: ["*"],
  disableEnvoyListenerLog: false,
  dnsRefreshRate: "60s",
  enableAutoMtls: true,
  enableEnvoyAccessLogService: false,
  enablePrometheusMerge: true,
  enableTracing: true,
  extensionProviders: [
    { name: "prometheus", prometheus: {} },
    { name: "stackdriver", stackdriver: {} },
    { name: "envoy", envoyFileAccessLog: { path: "/dev/stdout" } },
  ],
  h2UpgradePolicy: "DO_NOT_UPGRADE",
  inboundTrafficPolicy: { mode: "PASSTHROUGH" },
  ingressClass: "istio",
  ingressControllerMode: "STRICT",
  ingressSelector: "ingressgateway",
  ingressService: "istio-ingressgateway",
  localityLbSetting: { enabled: true },
  outboundTrafficPolicy: { mode: "ALLOW_ANY" },
  pathNormalization: { normalization: "BASE" },
  protocolDetectionTimeout: "0s",
  proxyHttpPort: 0,
  proxyInboundListenPort: 15006,
  proxyListenPort: 15001,
  rootNamespace: "istio-system",
  trustDomain: "cluster.local",
  trustDomainAliases: [],
};

/** The namespace and name of the ConfigMap that has the mesh configuration. */
export const MESH_CONFIG_MAP = { namespace: "istio-system", name: "istio" } as const;

/** Where in the ConfigMap the mesh configuration is: text that is YAML. */
const KEY = "mesh";

/**
 * The mesh configuration of the ConfigMap `istio-system/istio`; the defaults without it, or where it has errors, which the
 * reader of files does not let through.
 */
export function meshConfigOf(configMap: ConfigResource | undefined): MeshConfig {
  if (configMap === undefined) return DEFAULT_MESH_CONFIG;
  const { fields } = readFields(configMap);
  return fields === undefined ? DEFAULT_MESH_CONFIG : withDefaults(fields);
}

/** The mesh configuration of some resources. */
export function meshConfigIn({
  ConfigMap,
}: {
  readonly ConfigMap: { readonly get: (key: string) => ConfigResource | undefined };
}): MeshConfig {
  return meshConfigOf(ConfigMap.get(keyOf(MESH_CONFIG_MAP)));
}

/**
 * What is wrong with the mesh configuration of a resource; nothing for all resources but that ConfigMap. Paths go on into
 * the text (`data.mesh.accessLogFile`). A field that Istio does not know is a warning, because versions differ.
 */
export function meshConfigFindings(resource: ConfigResource): readonly Finding[] {
  const { namespace, name } = resource.metadata;
  const isMeshConfig =
    resource.kind === "ConfigMap" &&
    namespace === MESH_CONFIG_MAP.namespace &&
    name === MESH_CONFIG_MAP.name;
  return isMeshConfig ? [...readFields(resource).findings, ...meshNetworksFindings(resource)] : [];
}

/** Findings about the mesh configuration, with paths that begin at its ConfigMap. */
export const inMeshText = (findings: Iterable<Finding>): readonly Finding[] =>
  inText(KEY, findings);

interface FieldsReading {
  /** Absent when a finding is an error. */
  readonly fields?: MeshConfigFields;
  readonly findings: readonly Finding[];
}

const DEFINITION = { body: "document", schema: MeshConfigFields } as const;

function readFields(configMap: ConfigResource): FieldsReading {
  const reading = readText(configMap, KEY, MeshConfigFields);
  if (reading.problem !== undefined) return { findings: [reading.problem] };
  const ofFields = validateBody(DEFINITION, reading.value).map(inMeshConfig);
  const isRead = ofFields.every(({ severity }) => severity === "warning");
  // What has no errors of its schema is of its type, but for the providers that have.
  const wrong = wrongProviders(ofFields);
  const fields = withoutProviders(reading.value, wrong) as MeshConfigFields;
  const ofRules = isRead ? [...checkMeshConfig(fields), ...unappliedMeshFields(fields)] : [];
  const ofProviders = isRead && wrong.size === 0 ? [...providerWarnings(fields)] : [];
  const findings = inMeshText([...ofFields, ...ofRules, ...ofProviders]);
  if (findings.some(({ severity }) => severity !== "warning")) return { findings };
  return { fields, findings };
}

/**
 * A field that is not known is a warning. So is what is wrong with one provider, which keeps nothing from working but what
 * names it. See Istio, ValidateMeshConfig.
 */
function inMeshConfig(finding: Finding): Finding {
  if (finding.code === "unknown-field") return { ...finding, severity: "warning" };
  if (providerOf(finding) === undefined) return finding;
  const message = `${finding.message}: the provider is left out`;
  return { ...finding, message, severity: "warning" };
}

/** Which provider a finding is about. */
function providerOf({ path }: Finding): number | undefined {
  const [field, index] = path;
  return field === "extensionProviders" && typeof index === "number" ? index : undefined;
}

/** Which providers are not what their schema says. */
function wrongProviders(findings: readonly Finding[]): ReadonlySet<number> {
  const known = findings.filter(({ code }) => code !== "unknown-field");
  return new Set(known.flatMap((finding) => providerOf(finding) ?? []));
}

function providerWarnings({ extensionProviders = [] }: MeshConfigFields): Findings {
  return tolerate(checkExtensionProviders(extensionProviders, ["extensionProviders"]));
}

function withoutProviders(fields: unknown, wrong: ReadonlySet<number>): unknown {
  if (wrong.size === 0 || !isMap(fields)) return fields;
  const { extensionProviders: providers } = fields;
  if (!Array.isArray(providers)) return fields;
  return { ...fields, extensionProviders: providers.filter((_, index) => !wrong.has(index)) };
}

/**
 * What the user wrote, over the defaults. A field that is given replaces its default whole, but for `defaultConfig` (by
 * field), `defaultProviders` (by field) and `extensionProviders` (by name). See Istio, ApplyMeshConfig.
 */
function withDefaults(fields: MeshConfigFields): MeshConfig {
  const { outboundTrafficPolicy, inboundTrafficPolicy, pathNormalization, ...rest } = fields;
  const defaults = DEFAULT_MESH_CONFIG;
  const normalization = pathNormalization?.normalization ?? "DEFAULT";
  return {
    ...defaults,
    ...rest,
    defaultConfig: proxyConfigWith(defaults.defaultConfig, fields.defaultConfig),
    defaultProviders: { ...defaults.defaultProviders, ...fields.defaultProviders },
    extensionProviders: providersWith(fields.extensionProviders ?? []),
    // An object without its field is that field's zero value, which is not the default of the absent object.
    outboundTrafficPolicy:
      outboundTrafficPolicy === undefined
        ? defaults.outboundTrafficPolicy
        : { ...outboundTrafficPolicy, mode: outboundTrafficPolicy.mode ?? "REGISTRY_ONLY" },
    inboundTrafficPolicy: { mode: inboundTrafficPolicy?.mode ?? "PASSTHROUGH" },
    pathNormalization: { normalization: normalization === "DEFAULT" ? "BASE" : normalization },
  };
}

function proxyConfigWith(
  base: ProxyConfigFields,
  over: ProxyConfigFields | undefined,
): ProxyConfigFields {
  if (over === undefined) return base;
  const proxyMetadata = { ...base.proxyMetadata, ...over.proxyMetadata };
  return Object.keys(proxyMetadata).length === 0
    ? { ...base, ...over }
    : { ...base, ...over, proxyMetadata };
}

function providersWith(
  providers: readonly MeshConfig["extensionProviders"][number][],
): MeshConfig["extensionProviders"] {
  const byName = new Map(DEFAULT_MESH_CONFIG.extensionProviders.map((one) => [one.name, one]));
  for (const provider of providers) byName.set(provider.name, provider);
  return [...byName.values()];
}
