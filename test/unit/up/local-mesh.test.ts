import { isDeepStrictEqual } from "node:util";
import { afterEach, expect, test } from "vitest";
import type { Settled } from "../../../src/app/update/followed-update.js";
import type { Update } from "../../../src/app.js";
import type { Diagnostic } from "../../../src/base/diagnostic.js";
import type { StatusOf } from "../../../src/config/kinds.js";
import type { ConfigResource } from "../../../src/config/resource.js";
import type { ConfigSnapshot } from "../../../src/config/snapshot.js";
import type { StandIn } from "../../../src/mesh/service/stand-in.js";
import type { EchoListener } from "../../../src/up/echo/echo-server.js";
import type { EnvoyExit, EnvoyProcess } from "../../../src/up/envoy/envoy-process.js";
import { LocalMesh } from "../../../src/up/local-mesh.js";
import type { MadeFile } from "../../../src/up/made/made-resources.js";
import type { MeshEvent } from "../../../src/up/mesh-event.js";
import { assignSlots } from "../../../src/up/pods/addresses.js";
import type { PlacedPod } from "../../../src/up/pods/pod-plan.js";
import { podId } from "../../../src/up/pods/pods.js";
import { deployment, INJECTED, resource, tablesOf } from "./fixtures.js";

const MADE = "/state/made";
const NOTHING_CHANGED: Update = { changed: [], newDiagnostics: [], clearedDiagnostics: [] };
const SETTLED: Settled = {
  update: NOTHING_CHANGED,
  concerned: 0,
  acknowledged: 0,
  rejected: [],
  times: [],
  ms: 0,
};

const CONNECTED = { address: "127.30.0.1", type: "sidecar", synced: true } as const;
/** How long a pod that ended is told of. */
const FORGOTTEN_MS = 12_000;
/** The wait for requests that a leaving pod still has. */
const DRAIN_MS = 500;
/** The wait for the control plane to read of the pods. */
const INTRODUCTION_MS = 5000;

/** As much of a made resource as a control plane reads here. */
interface MadeResource {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly status: StatusOf<"Pod">;
}

/** Everything around a mesh, as values that a test can look at and change. */
class Scene {
  readonly envoys = new Map<string, { end: (code: number) => void }>();
  readonly events: MeshEvent[] = [];
  readonly readmitted: string[] = [];
  listeners: readonly EchoListener[] = [];
  made: readonly MadeFile[] = [];
  /** Whether the control plane reads what is made. */
  reading = true;
  /** How often somebody waited for the proxies to take what there is. */
  idles = 0;
  pids: readonly number[] = [];
  standIns: readonly StandIn[] = [];
  connected: readonly string[] | "all" = "all";
  /** Whose certificates are in use, since the last look at the files. */
  certified: readonly string[] = [];
  readonly mesh: LocalMesh;
  readonly #certified = new Set<string>();
  readonly #waits: { readonly ms: number; readonly end: () => void }[] = [];
  #files: readonly ConfigResource[];
  #diagnostics: readonly Diagnostic[] = [];
  readonly #onUpdate = new Set<(update: Update) => void>();
  #onSettled: (settled: Settled) => void = () => undefined;

  /** `ready` is what each proxy waits for. */
  constructor(resources: readonly ConfigResource[], ready: () => Promise<void>) {
    this.#files = resources;
    this.mesh = new LocalMesh({
      controlPlane: {
        snapshot: () => this.#snapshot(),
        proxies: () => this.#connectedIds().map((id) => ({ ...CONNECTED, id })),
        setStandIns: (standIns) => (this.standIns = standIns),
        onUpdate: (listener) => {
          this.#onUpdate.add(listener);
          return () => this.#onUpdate.delete(listener);
        },
        idle: () => Promise.resolve(void (this.idles += 1)),
        onSettled: (listener) => {
          this.#onSettled = listener;
          return () => undefined;
        },
      },
      proxies: {
        launch: (pod) => Promise.resolve(this.#startEnvoy(pod, ready)),
        bootstrapPatches: () => [],
        readmit: (pod) => Promise.resolve(void this.readmitted.push(podId(pod))),
      },
      made: {
        path: MADE,
        set: (files) =>
          Promise.resolve().then(() => {
            this.#setMade(files);
          }),
      },
      slots: { assign: (_, names) => Promise.resolve(assignSlots(names, new Map(), "seed")) },
      certificates: {
        rootFile: "/state/root.pem",
        certificateFor: (names) => {
          this.#certified.add(names.join());
          return Promise.resolve({ certificate: `for ${names.join()}`, key: "key", root: "root" });
        },
        age: () => {
          this.certified = [...this.#certified].sort();
          this.#certified.clear();
        },
      },
      applications: {
        set: (listeners) => {
          this.listeners = listeners;
          return Promise.resolve([]);
        },
        close: () => Promise.resolve(void (this.listeners = [])),
      },
      onProcesses: (pids) => (this.pids = pids),
      standIns: true,
      onEvent: (event) => this.events.push(event),
      clock: { now: () => 0, wait: (ms, signal) => this.#wait(ms, signal) },
    });
  }

  /** The files say something else. */
  change(resources: readonly ConfigResource[], diagnostics: readonly Diagnostic[] = []): void {
    this.#files = resources;
    this.#diagnostics = diagnostics;
    this.update();
  }

  /** The control plane tells that it has read something. */
  update(): void {
    for (const listener of this.#onUpdate) listener(NOTHING_CHANGED);
  }

  settle(): void {
    this.#onSettled(SETTLED);
  }

  /** So much time passes: waits of up to that are over. */
  pass(ms: number): void {
    for (const wait of this.#waits.splice(0)) {
      if (wait.ms <= ms) wait.end();
      else this.#waits.push(wait);
    }
  }

  running(): readonly string[] {
    return this.mesh
      .pods()
      .map(({ pod, ready }) => `${podId(pod)} ${ready ? "ready" : "starting"}`);
  }

  /** The made resources as `kind name`, with a pod's readiness. */
  madeNames(): readonly string[] {
    return this.made.map(({ text }) => {
      const { kind, metadata, status } = JSON.parse(text) as {
        kind: string;
        metadata: { name: string };
        status?: { conditions: readonly { status: string }[] };
      };
      return [kind, metadata.name, status?.conditions[0]?.status].filter(Boolean).join(" ");
    });
  }

  #setMade(files: readonly MadeFile[]): void {
    const isSame = isDeepStrictEqual(files, this.made);
    this.made = files;
    if (!isSame) this.update();
  }

  #snapshot(): ConfigSnapshot {
    const made = this.reading ? this.made.map(({ text }) => JSON.parse(text) as MadeResource) : [];
    const pods = made
      .filter(({ kind }) => kind === "Pod")
      .map(({ metadata: { name, namespace, annotations }, status }) =>
        resource("Pod", `${name}.${namespace}`, { status, annotations }),
      );
    return {
      tables: tablesOf(...this.#files, ...pods),
      diagnostics: this.#diagnostics,
      locate: () => undefined,
      written: () => [],
    };
  }

  #wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => {
        resolve();
      });
      this.#waits.push({ ms, end: resolve });
    });
  }

  #connectedIds(): readonly string[] {
    return this.connected === "all" ? [...this.envoys.keys()] : this.connected;
  }

  #startEnvoy(pod: PlacedPod, ready: () => Promise<void>): EnvoyProcess {
    let end: (exit: EnvoyExit) => void = () => undefined;
    const exited = new Promise<EnvoyExit>((resolve) => (end = resolve));
    this.envoys.set(podId(pod), {
      end: (code) => {
        end({ code, signal: null });
      },
    });
    return {
      pid: 1000 + this.envoys.size,
      exited,
      ready,
      admin: () => Promise.resolve(""),
      stop: () => {
        this.envoys.delete(podId(pod));
        end({ code: 0, signal: null });
        return exited;
      },
    };
  }
}

const scenes: Scene[] = [];

afterEach(async () => {
  await Promise.all(scenes.splice(0).map(({ mesh }) => mesh.close()));
});

async function start(resources: readonly ConfigResource[]): Promise<Scene> {
  const scene = new Scene(resources, () => Promise.resolve());
  scenes.push(scene);
  await scene.mesh.start();
  return scene;
}

/** The scene after the longest drain. */
function elapsed(scene: Scene): Scene {
  scene.pass(DRAIN_MS);
  return scene;
}

const PAYMENTS = deployment("payments", { replicas: 2 });
const SERVICE = resource("Service", "payments", {
  spec: { selector: { app: "payments" }, ports: [{ port: 80, targetPort: 8080 }] },
});

test("starts a proxy and an application for each replica, and tells the control plane", async () => {
  const scene = await start([INJECTED, PAYMENTS, SERVICE]);
  expect(scene.running()).toEqual(["payments-0.default ready", "payments-1.default ready"]);
  expect(scene.madeNames()).toEqual(["Pod payments-0 True", "Pod payments-1 True"]);
  expect(scene.listeners.map(({ port }) => port)).toEqual([8080, 8080]);
  expect(scene.listeners.every(({ address }) => address.startsWith("127.31."))).toBe(true);
  expect(scene.pids).toHaveLength(2);
});

test("lets the application of each replica answer TLS by a certificate of its own", async () => {
  const scene = await start([INJECTED, PAYMENTS, SERVICE]);
  expect(scene.listeners.map(({ tls }) => tls?.certificate)).toEqual([
    "for payments-0.default",
    "for payments-1.default",
  ]);
});

test("has the certificates forgotten of those that are gone, and of no others", async () => {
  const scene = await start([INJECTED, PAYMENTS, SERVICE]);
  expect(scene.certified).toEqual(["payments-0.default", "payments-1.default"]);
  scene.change([INJECTED, deployment("payments", { replicas: 1 }), SERVICE]);
  await expect
    .poll(() => {
      scene.settle();
      return elapsed(scene).certified;
    })
    .toEqual(["payments-0.default"]);
});

test("has the application of a pod without a sidecar on the pod's own address", async () => {
  const namespace = resource("Namespace", "plain", { labels: { "istio-injection": "disabled" } });
  const scene = await start([
    namespace,
    deployment("a.plain", {
      spec: { containers: [{ name: "a", ports: [{ containerPort: 80 }] }] },
    }),
  ]);
  expect(scene.running()).toEqual(["a-0.plain ready"]);
  expect(scene.listeners[0]?.address).toMatch(/^127\.30\./);
  expect(scene.pids).toEqual([]);
});

test("does not say that a pod is ready before its proxy is", async () => {
  let becomeReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => (becomeReady = resolve));
  const scene = new Scene([INJECTED, deployment("a")], () => ready);
  scenes.push(scene);
  const started = scene.mesh.start();
  await expect.poll(() => scene.madeNames()).toEqual(["Pod a-0 False"]);
  becomeReady();
  await started;
  expect(scene.madeNames()).toEqual(["Pod a-0 True"]);
});

test("has not started before the proxies have heard which pods are ready", async () => {
  const scene = new Scene([INJECTED, deployment("a")], () => Promise.resolve());
  scenes.push(scene);
  scene.reading = false;
  let isStarted = false;
  const started = scene.mesh.start().then(() => (isStarted = true));
  await expect.poll(() => scene.madeNames()).toEqual(["Pod a-0 True"]);
  scene.update();
  expect([isStarted, scene.idles]).toEqual([false, 0]);
  scene.reading = true;
  scene.update();
  await started;
  expect(scene.idles).toBe(1);
});

test("has started after a while although a pod of another's is in the place of one", async () => {
  const scene = new Scene([INJECTED, deployment("a")], () => Promise.resolve());
  scenes.push(scene);
  scene.reading = false;
  let isStarted = false;
  void scene.mesh.start().then(() => (isStarted = true));
  await expect
    .poll(() => {
      scene.pass(INTRODUCTION_MS);
      return isStarted;
    })
    .toBe(true);
});

test("starts more replicas when the files ask for them", async () => {
  const scene = await start([INJECTED, deployment("a")]);
  scene.change([INJECTED, deployment("a", { replicas: 2 })]);
  await expect.poll(() => scene.madeNames()).toEqual(["Pod a-0 True", "Pod a-1 True"]);
});

test("tells everyone that a replica goes before it ends", async () => {
  const scene = await start([INJECTED, PAYMENTS, SERVICE]);
  scene.change([INJECTED, deployment("payments", { replicas: 1 }), SERVICE]);
  const left = ["Pod payments-0 True", "Pod payments-1 False"];
  await expect.poll(() => scene.madeNames()).toEqual(left);
  // It still answers those that have not heard yet.
  expect(scene.envoys.has("payments-1.default")).toBe(true);
  expect(scene.listeners).toHaveLength(2);
  scene.settle();
  await expect.poll(() => elapsed(scene).listeners.length).toBe(1);
  expect(scene.envoys.has("payments-1.default")).toBe(false);
  // Its proxy may still be taken for one that comes back.
  expect(scene.madeNames()).toEqual(left);
  await expect
    .poll(() => {
      scene.pass(FORGOTTEN_MS);
      return scene.madeNames();
    })
    .toEqual(["Pod payments-0 True"]);
});

test("opens the ports that a running application gets", async () => {
  const scene = await start([INJECTED, deployment("payments")]);
  expect(scene.listeners).toEqual([]);
  scene.change([INJECTED, deployment("payments"), SERVICE]);
  await expect.poll(() => scene.listeners.map(({ port }) => port)).toEqual([8080]);
  expect(scene.events.filter(({ kind }) => kind === "ended")).toEqual([]);
});

test("leaves the application of a pod where it is until its sidecar is gone", async () => {
  const plain = resource("Namespace", "default", { labels: { "istio-injection": "disabled" } });
  const scene = await start([INJECTED, deployment("payments"), SERVICE]);
  scene.change([plain, deployment("payments"), SERVICE]);
  await expect.poll(() => scene.madeNames()).toEqual(["Pod payments-0 False"]);
  expect(scene.listeners[0]?.address).toMatch(/^127\.31\./);
  scene.settle();
  await expect.poll(() => elapsed(scene).madeNames()).toEqual(["Pod payments-0 True"]);
  expect(scene.listeners.map(({ address }) => address.slice(0, 7))).toEqual(["127.30."]);
});

test("replaces the replicas of a workload one after the other", async () => {
  const plain = resource("Namespace", "default", { labels: { "istio-injection": "disabled" } });
  const scene = await start([INJECTED, PAYMENTS]);
  scene.change([plain, PAYMENTS]);
  await expect
    .poll(() => scene.madeNames())
    .toEqual(["Pod payments-0 False", "Pod payments-1 True"]);
  scene.settle();
  await expect
    .poll(() => elapsed(scene).madeNames())
    .toEqual(["Pod payments-1 False", "Pod payments-0 True"]);
  scene.settle();
  await expect
    .poll(() =>
      elapsed(scene)
        .mesh.pods()
        .map(({ pod }) => pod.proxy),
    )
    .toEqual(["none", "none"]);
});

test("says that a pod whose proxy ended is not ready, and starts it again", async () => {
  const scene = await start([INJECTED, deployment("a")]);
  scene.envoys.get("a-0.default")?.end(1);
  await expect.poll(() => scene.madeNames()).toEqual(["Pod a-0 False"]);
  scene.pass(500);
  await expect.poll(() => scene.madeNames()).toEqual(["Pod a-0 True"]);
});

test("ends a replica although a proxy never answers to that", async () => {
  const scene = await start([INJECTED, PAYMENTS]);
  scene.change([INJECTED, deployment("payments", { replicas: 1 })]);
  await expect
    .poll(() => scene.madeNames())
    .toEqual(["Pod payments-0 True", "Pod payments-1 False"]);
  scene.pass(2000);
  await expect.poll(() => elapsed(scene).envoys.has("payments-1.default")).toBe(false);
});

test("readmits proxies that have lost their connection, and no others", async () => {
  const scene = await start([INJECTED, PAYMENTS]);
  scene.connected = ["payments-0.default"];
  scene.pass(10_000);
  await expect.poll(() => scene.readmitted).toEqual(["payments-1.default"]);
});

test("makes the gateway, its Service and its certificate that Gateways ask for", async () => {
  const gateway = resource("Gateway", "g", {
    spec: {
      selector: { istio: "ingressgateway" },
      servers: [
        {
          port: { number: 443, name: "https", protocol: "HTTPS" },
          tls: { mode: "SIMPLE", credentialName: "app-tls" },
          hosts: ["app.example.com"],
        },
      ],
    },
  });
  const scene = await start([gateway]);
  expect(scene.madeNames()).toEqual([
    "Pod istio-ingressgateway-0 True",
    "Service istio-ingressgateway",
    "Secret app-tls",
  ]);
  expect(scene.made[2]?.text).toContain("for app.example.com");

  // A Secret of the user's is there, but the made one of the same name is in force.
  const disputed: Diagnostic = {
    severity: "error",
    code: "duplicate-resource",
    message: `Secret app-tls.istio-system is at ${MADE}/x.json already`,
    position: { file: "shop/tls.yaml", line: 1, column: 1 },
    resource: "Secret app-tls.istio-system",
  };
  scene.change([gateway], [disputed]);
  await expect.poll(() => scene.madeNames()).not.toContain("Secret app-tls");
});

test("has servers stand in for hosts outside the mesh, each on its own address", async () => {
  const entry = resource("ServiceEntry", "e", {
    spec: {
      hosts: ["ext.example.com"],
      ports: [{ number: 21443, name: "https", protocol: "HTTPS" }],
      resolution: "DNS",
    },
  });
  const scene = await start([entry]);
  expect(scene.standIns).toEqual([
    {
      host: "ext.example.com",
      name: "ext.example.com",
      port: 21443,
      address: expect.stringMatching(/^127\.33\./),
      standInPort: 21443,
      rootsFile: "/state/root.pem",
    },
  ]);
  expect(scene.listeners[0]).toMatchObject({
    port: 21443,
    identity: { standInFor: "ext.example.com" },
    tls: { certificate: "for ext.example.com" },
  });
});

test("has the pods of a Service stand in for a host whose endpoint is named as it, at the ports of their own", async () => {
  const entry = resource("ServiceEntry", "e", {
    spec: {
      hosts: ["pay.example.com"],
      ports: [
        { number: 8000, name: "http", protocol: "HTTP", targetPort: 80 },
        { number: 8001, name: "none", protocol: "HTTP" },
        { number: 8002, name: "other", protocol: "HTTP" },
      ],
      resolution: "DNS",
      endpoints: [{ address: "payments.default.svc.cluster.local", ports: { other: 80 } }],
    },
  });
  const scene = await start([INJECTED, PAYMENTS, SERVICE, entry]);
  const addresses = [...new Set(scene.standIns.map(({ address }) => address))];
  expect(addresses).toHaveLength(2);
  const at = (port: number) =>
    addresses.map((address) => ({
      ...{ host: "pay.example.com", name: "pay.example.com", port },
      ...{ address, standInPort: 8080 },
    }));
  expect(scene.standIns).toEqual([...at(8000), ...at(8002)]);
  expect(addresses.every((address) => address.startsWith("127.30."))).toBe(true);
  expect(scene.listeners.map(({ identity }) => "standInFor" in identity)).toEqual([false, false]);
});

test("makes a credential for calls to a stand-in", async () => {
  const entry = resource("ServiceEntry", "e", {
    spec: {
      hosts: ["ext.example.com"],
      ports: [{ number: 21443, name: "https", protocol: "HTTPS" }],
      resolution: "DNS",
    },
  });
  const rule = resource("DestinationRule", "e", {
    spec: {
      host: "ext.example.com",
      workloadSelector: { matchLabels: { app: "payments" } },
      trafficPolicy: { tls: { mode: "MUTUAL", credentialName: "client" } },
    },
  });
  const scene = await start([INJECTED, PAYMENTS, entry, rule]);
  expect(scene.madeNames()).toContain("Secret client");
});

test("has one server stand in for a host that is called by several names", async () => {
  const named = (name: string, port: number): ConfigResource =>
    resource("Service", name, {
      spec: { type: "ExternalName", externalName: "api.example.org", ports: [{ port }] },
    });
  const scene = await start([named("one", 21443), named("other", 21443), named("third", 21080)]);
  const addresses = new Set(scene.standIns.map(({ address }) => address));
  expect([scene.standIns.length, addresses.size]).toEqual([3, 1]);
  expect(scene.listeners.map(({ port, identity }) => ({ port, identity }))).toEqual([
    { port: 21443, identity: { standInFor: "api.example.org" } },
    { port: 21080, identity: { standInFor: "api.example.org" } },
  ]);
});

test("ends everything when it is closed", async () => {
  const scene = await start([INJECTED, PAYMENTS]);
  await scene.mesh.close();
  expect([scene.envoys.size, scene.listeners.length, scene.pids.length]).toEqual([0, 0, 0]);
});

test("ends what is still starting when it is closed", async () => {
  const scene = new Scene([INJECTED, PAYMENTS], () => new Promise(() => undefined));
  const started = scene.mesh.start();
  await expect.poll(() => scene.envoys.size).toBe(2);
  await scene.mesh.close();
  await started;
  expect(scene.envoys.size).toBe(0);
});
