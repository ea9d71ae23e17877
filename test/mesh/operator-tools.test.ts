/** The operator's commands on a mesh of real Envoys: what they show is what the Envoys do. */
import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { type Outcome, run } from "../unit/cli/run.js";
import { CONSOLE_DIRECTORY } from "../unit/cli/transcript.js";
import { admin } from "./harness/admin.js";
import { application, documents } from "./harness/manifests.js";
import { call } from "./harness/requests.js";
import { shareMesh } from "./harness/test-mesh.js";

const EDGE = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: [pay.example.com] }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: edge, namespace: istio-system }
spec:
  hosts: [pay.example.com]
  gateways: [edge]
  http: [{ route: [{ destination: { host: payments.default.svc.cluster.local } }] }]
`;

const CANARY = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: payments }
spec:
  host: payments
  subsets:
    - { name: v1, labels: { version: v1 } }
    - { name: v2, labels: { version: v2 } }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: payments }
spec:
  hosts: [payments]
  http:
    - route:
        - { destination: { host: payments, subset: v1 }, weight: 99 }
        - { destination: { host: payments, subset: v2 }, weight: 1 }
`;

const STRICT = `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: default }
spec: { mtls: { mode: STRICT } }
`;

const READERS = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: readers }
spec:
  selector: { matchLabels: { app: payments } }
  rules:
    - to: [{ operation: { methods: [GET] } }]
    - from: [{ source: { namespaces: [istio-system] } }]
`;

const PLAINTEXT = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: my-service }
spec:
  host: my-service
  trafficPolicy: { tls: { mode: DISABLE } }
`;

const mesh = shareMesh({
  "payments.yaml": documents(application("payments", { versions: ["v1", "v2"] }), CANARY),
  "my-service.yaml": application("my-service"),
  "edge.yaml": EDGE,
  "strict.yaml": STRICT,
});

/** Where commands look for a control plane that they are not told of. */
const stateHome = (): string => join(mesh().state, "..", "state-home");

beforeAll(async () => {
  await mkdir(join(stateHome(), "fairlead", "up"), { recursive: true });
  await symlink(mesh().state, join(stateHome(), "fairlead", "up", "mesh"));
});

const fairlead = (...args: readonly string[]): Promise<Outcome> =>
  run(args, { XDG_STATE_HOME: stateHome() });

/** A table whose addresses are called by their pods, and whose columns are one space apart. */
function named(text: string): string {
  const pods = mesh().up.mesh.pods();
  const names = new Map<string, string>(
    pods.flatMap(({ pod }) =>
      Object.entries(pod.addresses).map(
        ([use, address]: readonly [string, string]) =>
          [address, `<${use} of ${pod.name}>`] as const,
      ),
    ),
  );
  return text
    .replaceAll(/127\.3[0-2]\.\d+\.\d+/g, (address) => names.get(address) ?? address)
    .replaceAll(mesh().state, "state")
    .replaceAll(mesh().directory, "mesh")
    .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:<port>")
    .replaceAll(/ +/g, " ");
}

test.each([
  ["clusters", "my-service-0"],
  ["endpoints", "my-service-0.default", "--status", "healthy"],
  ["listeners", "pod/my-service-0"],
  ["routes", "deployment/my-service", "--name", "80"],
  ["routes", "istio-ingressgateway-0", "-n", "istio-system"],
  ["clusters", "payments-v1-0", "-o", "wide"],
  ["endpoints", "payments-v1-0", "--status", "healthy", "-o", "wide"],
  ["listeners", "payments-v1-0", "-o", "wide"],
  ["routes", "payments-v1-0", "-o", "wide"],
])("proxy-config %s %s shows what the Envoy holds", async (...args) => {
  const { code, stdout, stderr } = await fairlead("proxy-config", ...args);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^what [a-z0-9.-]+ holds, by its Envoy at 127\.30\..*:15000:\n$/);
  // The order of endpoints is that of their addresses, which differ from mesh to mesh.
  const lines = named(stdout).split("\n");
  const shown = args[0] === "endpoints" ? lines.sort() : lines;
  await expect(`${shown.join("\n").trim()}\n`).toMatchFileSnapshot(
    join(CONSOLE_DIRECTORY, "expected", `mesh-${args.slice(0, 2).join("-").replace("/", "-")}.txt`),
  );
});

test("proxy-config secret shows the certificates, and no key", async () => {
  const { stdout } = await fairlead("pc", "secret", "my-service-0");
  expect(stdout).toMatch(/^default +Cert Chain +ACTIVE +true +[0-9a-f]{32} /m);
  expect(stdout).toMatch(/^ROOTCA +CA +ACTIVE +true +[0-9a-f]{32} /m);
  const json = await fairlead("pc", "secret", "my-service-0", "-o", "json");
  expect(json.stdout).not.toContain("PRIVATE KEY");
});

test("proxy-config rootca-compare names the roots that two proxies both trust", async () => {
  const { code, stdout } = await fairlead("pc", "rc", "my-service-0", "payments-v1-0.default");
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^my-service-0\.default and payments-v1-0\.default both trust:\n {2}CN=.*, until \d{4}-/,
  );
});

test("version tells gateways from sidecars, by istioctl's names for them", async () => {
  const { stdout } = await fairlead("version", "-o", "json");
  const { dataPlaneVersion } = JSON.parse(stdout) as {
    readonly dataPlaneVersion: readonly { readonly ID: string; readonly Type: string }[];
  };
  expect(dataPlaneVersion.map(({ ID, Type }) => `${Type} ${ID}`)).toEqual([
    "gateway istio-ingressgateway-0.istio-system",
    "sidecar my-service-0.default",
    "sidecar payments-v1-0.default",
    "sidecar payments-v2-0.default",
  ]);
});

test("envoy-stats tells what a proxy has counted, in several formats", async () => {
  const stats = async (...args: readonly string[]): Promise<string> =>
    (await fairlead("x", "envoy-stats", "payments-v1-0", ...args)).stdout;
  expect(await stats()).toMatch(/^server\.live: 1$/m);
  expect(await stats("-o", "prom")).toMatch(/^envoy_server_live\{\} 1$/m);
  const { stats: all } = JSON.parse(await stats("-o", "json")) as { readonly stats: unknown };
  expect(all).toContainEqual({ name: "server.live", value: 1 });
  const cluster = "outbound|80||my-service.default.svc.cluster.local";
  expect(await stats("-t", "clusters")).toContain(`${cluster}::`);
  expect(await stats("-t", "clusters", "-o", "yaml")).toContain(`name: ${cluster}\n`);
});

test("a pod is named by a service that it serves", async () => {
  const { code, stdout } = await fairlead("pc", "log", "svc/payments.default", "-o", "json");
  expect(code).toBe(0);
  expect(Object.keys(JSON.parse(stdout) as object)).toEqual(["payments-v1-0.default"]);
  const gone = await fairlead("pc", "clusters", "service/gone");
  expect(gone.stderr).toMatch(/^error: no proxy of the service gone\.default is connected\n/);
});

test("envoy-stats has no clusters for Prometheus", async () => {
  const { code, stderr } = await fairlead(
    "envoy-stats",
    "payments-v1-0",
    "-t",
    "clusters",
    "-o",
    "prom",
  );
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^error: Envoy has no statistics of clusters in the format for Prometheus\n/,
  );
});

test("proxy-config log sets the levels of all pods with some labels", async () => {
  const labels = ["-l", "app=payments", "-n", "default"];
  const levels = async (...args: readonly string[]): Promise<Readonly<Record<string, string>>> => {
    const { stdout } = await fairlead("pc", "log", ...labels, ...args, "-o", "json");
    const answer = JSON.parse(stdout) as Readonly<Record<string, { readonly http: string }>>;
    return Object.fromEntries(Object.entries(answer).map(([id, { http }]) => [id, http]));
  };
  const pods = ["payments-v1-0.default", "payments-v2-0.default"];
  const all = (level: string) => Object.fromEntries(pods.map((pod) => [pod, level]));
  expect(await levels("--level", "http:debug")).toEqual(all("debug"));
  expect(await levels()).toEqual(all("debug"));
  expect(await levels("--reset")).toEqual(all("warning"));
  const other = await fairlead("pc", "log", "my-service-0", "-o", "json");
  expect(JSON.parse(other.stdout)).toMatchObject({ "my-service-0.default": { http: "warning" } });
});

test("proxy-config log sets levels, and sets them back", async () => {
  const pod = mesh().pod("payments-v1-0");
  const set = await fairlead("pc", "log", "payments-v1-0", "--level", "http:debug,rbac:trace");
  expect(set).toMatchObject({ code: 0, stderr: "" });
  expect(set.stdout).toMatch(/^payments-v1-0\.default:\nactive loggers:\n/);
  expect(set.stdout).toMatch(/^ +http: debug$/m);
  expect(set.stdout).toMatch(/^ +rbac: trace$/m);
  await fairlead("pc", "log", "payments-v1-0", "--reset");
  const { stdout } = await fairlead("pc", "log", "payments-v1-0", "-o", "json");
  const levels = JSON.parse(stdout) as Readonly<Record<string, Readonly<Record<string, string>>>>;
  expect(levels["payments-v1-0.default"]).toMatchObject({ http: "warning", rbac: "warning" });
  expect(await admin(pod, "/server_info")).toContain("payments-v1-0");
});

test("a plan against the mesh that runs has Envoy validate what its proxies would be sent", async () => {
  const next = join(mesh().state, "..", "next", "mesh");
  await cp(mesh().directory, next, { recursive: true });
  await writeFile(join(next, "strict.yaml"), STRICT.replace("STRICT", "PERMISSIVE"));
  const { FAIRLEAD_ENVOY = "", PATH = "" } = process.env;
  const planned = ["plan", next, "--validate", "--state", mesh().state];
  const { code, stdout, stderr } = await run(planned, { FAIRLEAD_ENVOY, PATH });
  expect({ code, stderr }).toEqual({ code: 2, stderr: "" });
  expect(stdout).toContain(" 0 new findings");
});

test("a plan against the mesh that runs tells of a port that no connection would lead to, as the mesh does then", async () => {
  const stored = (name: string): string => `
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: payments }, ports: [{ name: redis, port: 6379, targetPort: 8080 }] }
`;
  const SHARED = `${stored("carts")}---${stored("sessions")}`;
  const next = join(mesh().state, "..", "shared", "mesh");
  await cp(mesh().directory, next, { recursive: true });
  await writeFile(join(next, "stored.yaml"), SHARED);
  const { stdout } = await run(["plan", next, "--state", mesh().state]);
  const message = "lead connections to port 6379 to carts.default.svc.cluster.local";
  expect(stdout).toMatch(
    new RegExp(`^New findings:\\n.*warning\\[shared-port\\]: .* ${message}`, "m"),
  );
  await mesh().writeForTest("stored.yaml", SHARED);
  const told = mesh().controlPlane.diagnostics();
  expect(told.filter(({ code }) => code === "shared-port")).toHaveLength(1);
});

test("tls-check says OK while calls succeed, and CONFLICT when they cannot", async () => {
  const caller = mesh().pod("payments-v1-0");
  const check = (): Promise<Outcome> =>
    fairlead("authn", "tls-check", "payments-v1-0", "my-service", "-o", "wide");
  expect(named((await check()).stdout)).toMatch(
    /\nmy-service\.default\.svc\.cluster\.local:80 OK STRICT - default\/default - .* mutual TLS\n$/,
  );
  expect((await call(caller, "http://my-service/")).status).toBe(200);

  await mesh().writeForTest("plaintext.yaml", PLAINTEXT);
  const { stdout } = await check();
  expect(named(stdout)).toMatch(
    /:80 CONFLICT STRICT DISABLE default\/default default\/my-service STRICT DISABLE /,
  );
  expect(named(stdout)).toContain("DestinationRule default/my-service (mesh/plaintext.yaml:7)");
  expect(named(stdout)).toContain("PeerAuthentication default/default (mesh/strict.yaml:5)");
  expect(stdout).toContain("spiffe://cluster.local/ns/default/sa/my-service");
  expect(stdout).toContain(
    "the server takes the mesh's mutual TLS alone and is called in plaintext: my-service-0.default\n",
  );
  expect((await call(caller, "http://my-service/")).status).toBe(503);
});

test("authz check shows the policies that refuse calls", async () => {
  const caller = mesh().pod("my-service-0");
  await mesh().writeForTest("readers.yaml", READERS);
  expect((await fairlead("x", "authz", "check", "payments-v1-0")).stdout).toBe(
    "ACTION   AuthorizationPolicy   RULES\nALLOW    readers.default       2\n",
  );
  expect((await call(caller, "http://payments/")).status).toBe(200);
  expect((await call(caller, "http://payments/", { method: "POST" })).status).toBe(403);
});

test("describe names what concerns a pod, and where it is written", async () => {
  const { stdout } = await fairlead("describe", "pod", "payments-v1-0");
  expect(stdout.replaceAll(mesh().directory, "mesh").split("\n")).toEqual(
    expect.arrayContaining([
      "Pod: payments-v1-0",
      "Service: payments (mesh/payments.yaml:2)",
      "   Matching subsets: v1",
      '   Route to host "payments" subset "v1" with weight 99%',
      "   Workload mTLS mode: STRICT",
      "   default.default (mesh/strict.yaml:2)",
      "Exposed on Gateway: edge.istio-system, port 80/HTTP for pay.example.com (mesh/edge.yaml:2)",
    ]),
  );
});

test("dashboard envoy prints an address that answers", async () => {
  const { stdout } = await fairlead("dashboard", "envoy", "payments-v1-0");
  expect(stdout).toBe(`http://${mesh().pod("payments-v1-0").addresses.pod}:15000/\n`);
});
