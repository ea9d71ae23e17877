/** Asks a real Envoy whether it takes a configuration, without starting it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MESSAGE } from "../../envoy/resource/message-types.js";
import { routeConfigurationHead } from "../../envoy/route/route-configuration.js";
import { openDevelopmentCertificates } from "../made/development-certificates.js";
import { describeExit, type EnvoyExit } from "./envoy-process.js";

/** Resources in JSON by the type of the message. */
export interface TypedResource {
  readonly type: string;
  readonly json: object;
}

/** An Envoy ended without a word on what it was asked about; `hint` is what it wrote. */
class ValidationError extends Error {
  readonly code = "envoy-validation";
  readonly hint: string;

  constructor(exit: EnvoyExit, log: string) {
    super(`whether it takes the configuration is not known: ${describeExit(exit)}`);
    this.name = "ValidationError";
    this.hint = log === "" ? "it wrote nothing" : log;
  }
}

const TIMEOUT_MS = 30_000;
/** An EnvoyFilter may say anything, also what nobody else should read. */
const PRIVATE = { mode: 0o600 };
const PREFIX = "type.googleapis.com/envoy.extensions";
const MANAGER = `${PREFIX}.filters.network.http_connection_manager.v3.HttpConnectionManager`;
const ROUTER = `${PREFIX}.filters.http.router.v3.Router`;
const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/**
 * What Envoy says against these resources, of which no two of a type have one name; undefined when it takes them all.
 * Resources that others refer to need not be there. Nothing is left on the disk.
 * @throws ValidationError; an AbortError when the signal ends it
 */
export async function refusalOf(
  binary: string,
  resources: readonly TypedResource[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const directory = await mkdtemp(join(tmpdir(), "fairlead-validate-"));
  try {
    // Secrets of a static cluster cannot come over ADS, which is not there yet when it is made.
    const secrets = join(directory, "secrets.json");
    await writeFile(secrets, JSON.stringify({ resources: [] }), PRIVATE);
    const config = join(directory, "envoy.json");
    const standIns = await standInsFor(directory, secrets);
    await writeFile(config, JSON.stringify(replaced(bootstrapOf(resources), standIns)), PRIVATE);
    return await validate(binary, { config, directory, signal });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface Question {
  /** A file. */
  readonly config: string;
  /** Of which the file is one. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

/** Access logs of the configuration go to `/dev/stdout`, which can be opened where that is a file. */
async function validate(
  binary: string,
  { config, directory, signal }: Question,
): Promise<string | undefined> {
  const options = ["--mode", "validate", "--disable-hot-restart", "--log-level", "error"];
  const file = join(directory, "envoy.log");
  const log = await open(file, "w", PRIVATE.mode);
  try {
    const envoy = spawn(binary, [...options, "--config-path", config], {
      stdio: ["ignore", log.fd, log.fd],
      // Envoy runs scripts of Lua when it reads them, which are not to find what is secret in the environment.
      env: {},
      // A Ctrl-C in the terminal is for who started it.
      detached: true,
      timeout: TIMEOUT_MS,
      killSignal: "SIGKILL",
      signal,
    });
    const [code, ended] = (await once(envoy, "exit")) as [number | null, NodeJS.Signals | null];
    return code === 0 ? undefined : wordsIn(await readFile(file, "utf8"), { code, signal: ended });
  } finally {
    await log.close();
  }
}

/** How it ends by what it reads, such as a table of Maglev with one place; nobody else ends it so. */
const CRASHES: ReadonlySet<NodeJS.Signals> = new Set([
  "SIGABRT",
  "SIGBUS",
  "SIGFPE",
  "SIGILL",
  "SIGSEGV",
] as const);

/** What a log says of the configuration, without when and where in Envoy that was found. */
function wordsIn(log: string, exit: EnvoyExit): string {
  const { signal } = exit;
  if (signal !== null && CRASHES.has(signal)) return `it crashes (${signal})`;
  const words = /error initializing configuration '[^']*': ([^]*)/.exec(log)?.[1];
  if (words === undefined) throw new ValidationError(exit, log.trim());
  return words.trim().replaceAll(/\s+/g, " ");
}

function bootstrapOf(resources: readonly TypedResource[]): object {
  const of = (type: string): readonly object[] =>
    resources.filter((one) => one.type === type).map(({ json }) => json);
  const hosts = of(MESSAGE.virtualHost).map((host) => ({
    ...routeConfigurationHead("r"),
    virtualHosts: [host],
  }));
  const clusters: readonly { readonly name?: string }[] = [adsCluster(), ...of(MESSAGE.cluster)];
  const given = new Set(clusters.map(({ name }) => name));
  const referred = [...new Set(clustersNamedIn(resources))].filter((name) => !given.has(name));
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
        ...clusters,
        ...referred.map((name) => ({ name, type: "STATIC" })),
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

/** The fields that name a cluster. Some of those that are said by name Envoy wants to know, as those of tracers. */
const CLUSTER_FIELDS: ReadonlySet<string> = new Set(["cluster", "clusterName", "collectorCluster"]);

function clustersNamedIn(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]: readonly [string, unknown]) =>
    CLUSTER_FIELDS.has(key) && typeof member === "string" && member !== ""
      ? [member]
      : clustersNamedIn(member),
  );
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

/** What is in the place of what is on the proxies' machines, or comes from a control plane, by the name of the field. */
type StandIns = ReadonlyMap<string, (value: unknown) => unknown>;

const isFile = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "filename" in value;

async function standInsFor(directory: string, secrets: string): Promise<StandIns> {
  const certificates = await openDevelopmentCertificates(join(directory, "certificates"));
  const { certificate, key, root } = await certificates.certificateFor(["validated"]);
  const instead = (text: string) => (value: unknown) =>
    isFile(value) ? { inlineString: text } : value;
  return new Map([
    ["certificateChain", instead(certificate)],
    ["privateKey", instead(key)],
    ["trustedCa", instead(root)],
    ["crl", (value) => (isFile(value) ? undefined : value)],
    ["sdsConfig", () => ({ pathConfigSource: { path: secrets }, resourceApiVersion: "V3" })],
  ]);
}

function replaced(value: unknown, standIns: StandIns): unknown {
  if (Array.isArray(value)) return value.map((one) => replaced(one, standIns));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      const standIn = standIns.get(key);
      return [key, replaced(standIn === undefined ? member : standIn(member), standIns)];
    }),
  );
}
