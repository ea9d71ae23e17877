/** Asks a real Envoy whether it takes a configuration, without starting it. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { MESSAGE } from "../../../src/envoy/part/envoy-types.js";

/** Resources in JSON by the type of the message. */
export interface TypedResource {
  readonly type: string;
  readonly json: object;
}

const TIMEOUT_MS = 30_000;
const PREFIX = "type.googleapis.com/envoy.extensions";
const MANAGER = `${PREFIX}.filters.network.http_connection_manager.v3.HttpConnectionManager`;
const ROUTER = `${PREFIX}.filters.http.router.v3.Router`;
const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/** What Envoy says against these resources; undefined when it takes them all. */
export async function refusalOf(
  binary: string,
  resources: readonly TypedResource[],
): Promise<string | undefined> {
  const directory = await mkdtemp(join(tmpdir(), "fairlead-validate-"));
  try {
    // Secrets of a static cluster cannot come over ADS, which is not there yet when it is made.
    const secrets = join(directory, "secrets.json");
    await writeFile(secrets, JSON.stringify({ resources: [] }));
    const config = join(directory, "envoy.json");
    await writeFile(config, JSON.stringify(withSecretsFrom(secrets, bootstrapOf(resources))));
    return await validate(binary, config);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function validate(binary: string, config: string): Promise<string | undefined> {
  const options = ["--mode", "validate", "--disable-hot-restart", "--log-level", "error"];
  try {
    await promisify(execFile)(binary, [...options, "--config-path", config], {
      timeout: TIMEOUT_MS,
    });
    return undefined;
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    return `${stdout}${stderr}`;
  }
}

function bootstrapOf(resources: readonly TypedResource[]): object {
  const of = (type: string): readonly object[] =>
    resources.filter((one) => one.type === type).map(({ json }) => json);
  const hosts = of(MESSAGE.virtualHost).map((host) => ({ name: "r", virtualHosts: [host] }));
  return {
    node: { id: "validated", cluster: "validated" },
    dynamicResources: {
      adsConfig: {
        apiType: "DELTA_GRPC",
        transportApiVersion: "V3",
        grpcServices: [{ envoyGrpc: { clusterName: "ads" } }],
      },
    },
    staticResources: {
      clusters: [
        adsCluster(),
        ...of(MESSAGE.cluster),
        ...of(MESSAGE.endpoint).map((loadAssignment, i) => staticCluster(`${i}`, loadAssignment)),
      ],
      listeners: [
        ...of(MESSAGE.listener),
        ...[...of(MESSAGE.route), ...hosts].map((routes, i) => routeListener(`${i}`, routes)),
      ],
    },
    layeredRuntime: {
      layers: [{ name: "static", staticLayer: { "re2.max_program_size.error_level": 32768 } }],
    },
  };
}

function adsCluster(): object {
  return {
    name: "ads",
    type: "STATIC",
    typedExtensionProtocolOptions: {
      [HTTP_OPTIONS]: {
        "@type": `type.googleapis.com/${HTTP_OPTIONS}`,
        explicitHttpConfig: { http2ProtocolOptions: {} },
      },
    },
  };
}

/** Envoy resolves the addresses of a static cluster as it does those that EDS tells. */
function staticCluster(name: string, loadAssignment: object): object {
  return { name: `endpoints ${name}`, type: "STATIC", loadAssignment };
}

function routeListener(name: string, routes: object): object {
  const manager = {
    "@type": MANAGER,
    statPrefix: "x",
    routeConfig: { ...routes, validateClusters: false },
    httpFilters: [{ name: "router", typedConfig: { "@type": ROUTER } }],
  };
  return {
    name: `routes ${name}`,
    address: { socketAddress: { address: "127.0.0.1", portValue: 0 } },
    filterChains: [{ filters: [{ name: "http", typedConfig: manager }] }],
  };
}

function withSecretsFrom(path: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => withSecretsFrom(path, one));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === "sdsConfig"
        ? { pathConfigSource: { path }, resourceApiVersion: "V3" }
        : withSecretsFrom(path, member),
    ]),
  );
}
