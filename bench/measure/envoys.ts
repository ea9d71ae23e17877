/** What a real Envoy costs, and how soon it answers, in each of the ways in which a sidecar is told of the mesh. */

import { once } from "node:events";
import {
  type Agent,
  createServer,
  Agent as HttpAgent,
  type IncomingMessage,
  request,
  type Server,
} from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { type BootstrapOptions, buildBootstrap } from "../../src/envoy/bootstrap/bootstrap.js";
import { ON_DEMAND_METADATA } from "../../src/envoy/bootstrap/node.js";
import { findEnvoy } from "../../src/up/envoy/envoy-binary.js";
import { type EnvoyProcess, startEnvoy } from "../../src/up/envoy/envoy-process.js";
import { endpointAddress, hostOf, type MeshShape, namespaceOf } from "../mesh/mesh-shape.js";
import { now } from "../now.js";
import { cpuOf, memoryOf, quiet } from "../subject/usage.js";
import { type MeshRun, runMesh } from "./mesh-run.js";
import type { Tell } from "./run-mesh.js";
import { quantile } from "./statistics.js";

/** What an Envoy has been sent so far, and holds. */
export interface Holding {
  readonly bytes: number;
  /** MiB. */
  readonly rss: number;
}

/** One way. Times are in milliseconds. */
export interface WayFigures {
  readonly way: string;
  /** From the start of Envoy to where it serves, and its CPU time until it is quiet. */
  readonly readyMs: number;
  readonly readyCpuMs: number;
  readonly ready: Holding;
  /** The first call to each service. */
  readonly first: Latency;
  /** Those after it. */
  readonly later: Latency;
  readonly called: Holding;
  /** Calls that were not answered with 200: so many, and each answer to them once, as `503 no healthy upstream`. */
  readonly failed: number;
  readonly failures: readonly string[];
}

/** How long calls took. */
export interface Latency {
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

/** All ways. */
export interface EnvoyFigures {
  readonly shape: MeshShape;
  /** So many services are called. */
  readonly called: number;
  readonly ways: readonly WayFigures[];
}

interface Way {
  readonly way: string;
  readonly protocol: NonNullable<BootstrapOptions["protocol"]>;
  readonly metadata: Readonly<Record<string, string>>;
}

const WAYS: readonly Way[] = [
  { way: "whole tables", protocol: "state-of-the-world", metadata: {} },
  { way: "virtual hosts", protocol: "delta", metadata: {} },
  { way: "on demand", protocol: "delta", metadata: ON_DEMAND_METADATA },
];

const INSTALLATION = fileURLToPath(new URL("../../", import.meta.url));
const TARGET_PORT = 8080;
const HTTP_PROXY_PORT = 15007;
const ADMIN_PORT = 15000;
/** Each service is called so often after the first time. */
const ROUNDS = 5;

/** Measures an Envoy for each way, one after the other; each calls the first so many services. */
export function measureEnvoys(shape: MeshShape, called: number, tell: Tell): Promise<EnvoyFigures> {
  const services = Array.from({ length: Math.min(called, shape.services) }, (_, i) => i);
  tell(`${shape.services} services, an Envoy that calls ${services.length} of them`);
  return runMesh(
    shape,
    async (run) => {
      const applications = await startApplications(shape, services);
      // What it builds ahead is no matter of the first Envoy.
      await quiet(run.server.pid);
      try {
        const ways: WayFigures[] = [];
        for (const way of WAYS) {
          ways.push(await measureWay(run, shape, services, { ...way, slot: ways.length + 1 }));
          tell(`  ${way.way}: ready after ${Math.round(ways.at(-1)?.readyMs ?? 0)} ms`);
        }
        return { shape, called: services.length, ways };
      } finally {
        for (const application of applications) application.close();
      }
    },
    // Over a connection without TLS to the control plane an Envoy has no certificate to show.
    "DISABLE",
  );
}

/** An application at each endpoint of these services. */
function startApplications(
  shape: MeshShape,
  services: readonly number[],
): Promise<readonly Server[]> {
  const endpoints = Array.from({ length: shape.endpoints }, (_, i) => i);
  return Promise.all(
    services.flatMap((service) =>
      endpoints.map(async (endpoint) => {
        const server = createServer((_, response) => response.end("hello"));
        server.listen(TARGET_PORT, endpointAddress(shape, service, endpoint));
        await once(server, "listening");
        return server;
      }),
    ),
  );
}

/** `slot` sets its addresses apart from those of the others. */
async function measureWay(
  { server, directory }: MeshRun,
  shape: MeshShape,
  services: readonly number[],
  way: Way & { readonly slot: number },
): Promise<WayFigures> {
  const [own, egress] = [`127.41.0.${way.slot}`, `127.42.0.${way.slot}`];
  const { FAIRLEAD_ENVOY: named, PATH: path } = process.env;
  const { file: binary } = await findEnvoy({ named, path, installation: INSTALLATION });
  const startedAt = now();
  const envoy = startEnvoy({
    binary,
    bootstrap: bootstrapOf(server.address, way, { own, egress, namespace: namespaceOf(shape, 0) }),
    directory: join(directory, `envoy-${way.slot}`),
    logFile: join(directory, `envoy-${way.slot}.log`),
    admin: { address: own, port: ADMIN_PORT },
  });
  const agent = new HttpAgent({ keepAlive: true, maxSockets: 1 });
  try {
    await envoy.ready();
    const readyMs = now() - startedAt;
    const ready = await holdingOf(envoy);
    const readyCpuMs = await cpuOf(envoy.pid ?? 0);
    const call = (service: number): Promise<Call> =>
      callService(hostOf(shape, service), egress, agent);
    const first = await inTurn(services, call);
    const later = await inTurn(Array.from({ length: ROUNDS }, () => services).flat(), call);
    const failures = [...first, ...later].flatMap(({ failure }) => failure ?? []);
    return {
      way: way.way,
      readyMs,
      readyCpuMs,
      ready,
      first: latencyOf(first),
      later: latencyOf(later),
      called: await holdingOf(envoy),
      failed: failures.length,
      failures: [...new Set(failures)],
    };
  } finally {
    agent.destroy();
    await envoy.stop();
  }
}

function bootstrapOf(
  address: string,
  { protocol, metadata, slot }: Way & { readonly slot: number },
  { own, egress, namespace }: Readonly<Record<"own" | "egress" | "namespace", string>>,
): object {
  const [host = "", port = ""] = address.split(":");
  return buildBootstrap({
    node: {
      type: "sidecar",
      name: `caller-${slot}`,
      namespace,
      addresses: [own],
      serviceAccount: "caller",
      metadata,
      interceptionMode: "NONE",
      unprivileged: process.getuid?.() !== 0,
      egressAddress: egress,
    },
    controlPlane: { transport: "plaintext", host, port: Number(port) },
    protocol,
    admin: { address: own, port: ADMIN_PORT },
    status: { address: own, port: 15021 },
    metrics: { address: own, port: 15090 },
  });
}

/** What an Envoy holds once it is quiet. */
async function holdingOf(envoy: EnvoyProcess): Promise<Holding> {
  const pid = envoy.pid ?? 0;
  await quiet(pid);
  const filter = encodeURIComponent("^cluster\\.xds-.*upstream_cx_rx_bytes_total$");
  const { stats } = JSON.parse(await envoy.admin(`/stats?format=json&filter=${filter}`)) as {
    readonly stats: readonly { readonly value?: number }[];
  };
  const { rss } = await memoryOf(pid);
  return { bytes: stats.reduce((sum, { value = 0 }) => sum + value, 0), rss };
}

interface Call {
  readonly ms: number;
  /** How it was answered if not with 200. */
  readonly failure?: string;
}

async function callService(host: string, proxy: string, agent: Agent): Promise<Call> {
  const begun = now();
  const call = request({
    agent,
    host: proxy,
    port: HTTP_PROXY_PORT,
    path: `http://${host}/`,
    headers: { host },
  });
  call.end();
  const [response] = (await once(call, "response")) as [IncomingMessage];
  const { statusCode } = response;
  const answer = await text(response);
  const ms = now() - begun;
  return statusCode === 200 ? { ms } : { ms, failure: `${statusCode} ${answer}` };
}

/** The results of calls, each made when the one before has ended. */
async function inTurn(
  services: readonly number[],
  call: (service: number) => Promise<Call>,
): Promise<readonly Call[]> {
  const results: Call[] = [];
  for (const service of services) results.push(await call(service));
  return results;
}

function latencyOf(calls: readonly Call[]): Latency {
  const times = calls.map(({ ms }) => ms);
  return { p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) };
}
