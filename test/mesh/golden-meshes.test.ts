/** Every proxy of the golden cases, served to a real Envoy: it refuses nothing, and all of it takes effect. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fromBinary, type JsonObject, toJson } from "@bufbuild/protobuf";
import { beforeAll, type TestContext, test } from "vitest";
import { steadyClock } from "../../src/base/clock.js";
import { Table } from "../../src/base/table/table.js";
import type { ListenerJson } from "../../src/envoy/api.js";
import { buildBootstrap } from "../../src/envoy/bootstrap/bootstrap.js";
import { ROOT_SECRET, WORKLOAD_SECRET } from "../../src/envoy/names.js";
import type { Encoder } from "../../src/envoy/resource/encoder.js";
import { MESSAGE } from "../../src/envoy/resource/message-types.js";
import type {
  EnvoyResource,
  ResourceSet,
  ResourceSets,
} from "../../src/envoy/resource/resource-set.js";
import { GrpcServer } from "../../src/grpc/server.js";
import { findEnvoy } from "../../src/up/envoy/envoy-binary.js";
import { type EnvoyProcess, startEnvoy } from "../../src/up/envoy/envoy-process.js";
import { createAdsServer } from "../../src/xds/ads-server.js";
import { addAdsService } from "../../src/xds/ads-service.js";
import { SERVER_LIMITS } from "../../src/xds/limits.js";
import type { Nacked } from "../../src/xds/observer.js";
import { type ResourceView, TYPE_URL } from "../../src/xds/resource.js";
import {
  authorityTemplate,
  leafTemplate,
  type MadeCertificate,
  makeCertificate,
} from "../unit/ca/make-certificate.js";
import { makeRevocationList } from "../unit/ca/make-revocation-list.js";
import {
  goldenCaseNames,
  goldenEncoder,
  goldenResources,
  readGoldenCase,
} from "../unit/golden/golden-case.js";

const INSTALLATION = fileURLToPath(new URL("../../", import.meta.url));
const FIRST_PORT = 20_000;

let encoder: Encoder;
let binary: string;
let authority: MadeCertificate;
let certificate: MadeCertificate;
let revoked: string;

beforeAll(async () => {
  encoder = goldenEncoder();
  authority = await makeCertificate(authorityTemplate());
  certificate = await makeCertificate(leafTemplate(), authority.issuer);
  revoked = await makeRevocationList(authority.issuer, []);
  const { FAIRLEAD_ENVOY: named, PATH: path } = process.env;
  binary = (await findEnvoy({ named, path, installation: INSTALLATION })).file;
});

/** Several tests run at once: what a test is to clean up it has to be told itself. */
type Cleaning = Pick<TestContext, "onTestFinished">;

/** Where an Envoy is: an address of its own, so that its ports are free, and a directory. */
interface Place {
  readonly address: string;
  readonly directory: string;
}

async function newPlace({ onTestFinished }: Cleaning): Promise<Place> {
  const [a = 0, b = 0, c = 0] = randomBytes(3);
  const directory = await mkdtemp(join(tmpdir(), "fairlead-golden-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await writeFile(join(directory, "certificate.pem"), certificate.pem);
  await writeFile(join(directory, "key.pem"), certificate.keyPem, { mode: 0o600 });
  await writeFile(join(directory, "revoked.pem"), revoked);
  return { address: `127.${64 + (a % 128)}.${b}.${1 + (c % 254)}`, directory };
}

function decode(type: string, { bytes }: EnvoyResource): JsonObject {
  const schema = encoder.registry.getMessage(type)!;
  return toJson(schema, fromBinary(schema, bytes), encoder) as JsonObject;
}

/** A resource with something changed that a machine under test does not have. */
function changed(type: string, resource: EnvoyResource, change: (json: string) => string) {
  const json = JSON.parse(change(JSON.stringify(decode(type, resource)))) as object;
  return { ...resource, ...encoder.encode(type, json) };
}

/** Which files stand for those with such a word in their name; a certificate stands for the others. */
const FILES = [
  ["key", "key.pem"],
  ["crl", "revoked.pem"],
] as const;

/** Files of certificates and keys that are there, and no log on our terminal. */
function withFiles({ directory }: Place): (json: string) => string {
  return (json) =>
    json
      .replaceAll(/"path":"[^"]*(log|stdout)"/g, '"path":"/dev/null"')
      .replaceAll(/"filename":"([^"]*)"/g, (_whole, name: string) => {
        const [, file = "certificate.pem"] = FILES.find(([word]) => name.includes(word)) ?? [];
        return `"filename":${JSON.stringify(join(directory, file))}`;
      });
}

function mapSet(set: ResourceSet, change: (resource: EnvoyResource, i: number) => EnvoyResource) {
  return Table.from(set.sorted().map(([name, one], i) => [name, change(one, i)] as const));
}

/** Listeners on ports of the Envoy's own address, but for those that listen on none. */
function listenersAt(here: Place, listeners: ResourceSet): ResourceSet {
  return mapSet(listeners, (one, i) => {
    const { bindToPort, address: before } = decode(MESSAGE.listener, one) as ListenerJson;
    const bound = bindToPort !== false;
    // What it listens for, UDP perhaps, stays.
    const socketAddress = {
      ...before?.socketAddress,
      ...{ address: here.address, portValue: FIRST_PORT + i },
    };
    const address = { socketAddress };
    const place = { address, additionalAddresses: [] };
    const edited = bound ? encoder.edit(MESSAGE.listener, one.bytes, place) : one;
    return changed(MESSAGE.listener, { ...one, ...edited }, withFiles(here));
  });
}

/** The secrets, with a certificate in the place of what the golden files have. */
function secretsOf(secrets: ResourceSet): ResourceSet {
  const pair = {
    certificateChain: { inlineString: certificate.pem },
    privateKey: { inlineString: certificate.keyPem },
  };
  const roots = { trustedCa: { inlineString: authority.pem } };
  const secret = (name: string, isPair: boolean): EnvoyResource => {
    const body = isPair ? { tlsCertificate: pair } : { validationContext: roots };
    return { name, ...encoder.encode(MESSAGE.secret, { name, ...body }) };
  };
  return mapSet(secrets, (one) => secret(one.name, "tlsCertificate" in decode(MESSAGE.secret, one)))
    .with(WORKLOAD_SECRET, secret(WORKLOAD_SECRET, true))
    .with(ROOT_SECRET, secret(ROOT_SECRET, false));
}

function viewOf(sets: ResourceSets, place: Place): ResourceView {
  const clusters = mapSet(sets.clusters, (one) => changed(MESSAGE.cluster, one, withFiles(place)));
  return new Map([
    [TYPE_URL.cluster, clusters],
    [TYPE_URL.endpoint, sets.endpoints],
    [TYPE_URL.secret, secretsOf(sets.secrets)],
    [TYPE_URL.listener, listenersAt(place, sets.listeners)],
    [TYPE_URL.route, sets.routes],
  ]);
}

/** Serves a view to whoever comes; what is refused is put into `nacks`. */
async function serve(
  view: ResourceView,
  nacks: Nacked[],
  { onTestFinished }: Cleaning,
): Promise<number> {
  const ads = createAdsServer({
    sessions: { open: ({ node }) => ({ id: node.id, view: () => view, closed: () => undefined }) },
    registry: encoder.registry,
    clock: steadyClock,
    observer: {
      nacked: (event) => {
        nacks.push(event);
      },
    },
  });
  const server = new GrpcServer(SERVER_LIMITS);
  addAdsService(server, ads);
  onTestFinished(() => server.close());
  return server.listen({ host: "127.0.0.1", port: 0 });
}

function start(
  port: number,
  { address, directory }: Place,
  { onTestFinished }: Cleaning,
): EnvoyProcess {
  const admin = { address, port: 15000 };
  const envoy = startEnvoy({
    ...{ binary, directory, admin, logFile: join(directory, "envoy.log") },
    bootstrap: buildBootstrap({
      node: {
        ...{ type: "sidecar", name: "golden", namespace: "default" },
        ...{ addresses: [address], serviceAccount: "default" },
      },
      controlPlane: { transport: "plaintext", host: "127.0.0.1", port },
      admin,
      status: { address, port: 15021 },
      metrics: { address, port: 15090 },
      // Nobody answers there, so that no name is looked for long.
      dnsResolvers: [{ address, port: 53 }],
    }),
  });
  onTestFinished(async () => {
    await envoy.stop();
  });
  return envoy;
}

interface Dump {
  readonly configs?: readonly {
    readonly name?: string;
    readonly active_state?: object;
    readonly error_state?: object;
    readonly cluster?: { readonly name: string };
  }[];
}

async function dump(envoy: EnvoyProcess, resource: string): Promise<NonNullable<Dump["configs"]>> {
  return (JSON.parse(await envoy.admin(`/config_dump?resource=${resource}`)) as Dump).configs ?? [];
}

const PROXIES = goldenCaseNames().flatMap((name) =>
  [...readGoldenCase(name).proxies.keys()].map((proxy) => ({ name, proxy })),
);

test.concurrent.for(PROXIES)(
  "an Envoy takes all that $proxy of $name is sent",
  async ({ name, proxy }, { expect, onTestFinished }) => {
    const sets = goldenResources(readGoldenCase(name), encoder).get(proxy)!;
    const place = await newPlace({ onTestFinished });
    const nacks: Nacked[] = [];
    const port = await serve(viewOf(sets, place), nacks, { onTestFinished });
    const envoy = start(port, place, { onTestFinished });
    await envoy.ready();
    expect(nacks.map(({ error }) => error)).toEqual([]);
    const listeners = await dump(envoy, "dynamic_listeners");
    expect(listeners.filter(({ error_state }) => error_state !== undefined)).toEqual([]);
    const active = listeners.filter(({ active_state }) => active_state !== undefined);
    expect(active.map((one) => one.name ?? "").sort()).toEqual([...sets.listeners.keys()].sort());
    const clusters = await dump(envoy, "dynamic_active_clusters");
    const names = clusters.map(({ cluster }) => cluster?.name ?? "").sort();
    expect(names).toEqual([...sets.clusters.keys()].sort());
  },
);
