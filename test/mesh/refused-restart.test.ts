/** What Envoy would refuse, and a control plane that is started when it is already there. */
import { expect, test, vi } from "vitest";
import { run } from "../unit/cli/run.js";
import { admin } from "./harness/admin.js";
import { application, documents, HTTP_GATEWAY } from "./harness/manifests.js";
import { type Answer, call, callAddress, echoOf } from "./harness/requests.js";
import { type ServedMesh, serveMesh } from "./harness/served-mesh.js";

/** Routes of a sidecar and of a gateway, whose hosts are served by nothing else. */
const routes = (uri: string): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop, shop.example.com]
  gateways: [mesh, istio-system/edge]
  http: [{ rewrite: { uri: ${uri} }, route: [{ destination: { host: other.default.svc.cluster.local } }] }]
`;

const START = documents(
  application("caller"),
  application("shop"),
  application("other"),
  HTTP_GATEWAY,
);

function bySidecar(mesh: ServedMesh): Promise<Answer> {
  return call(mesh.pod("caller-0"), "http://shop/");
}

function byGateway(mesh: ServedMesh): Promise<Answer> {
  const { pod } = mesh.gateway().addresses;
  return callAddress({ address: pod, port: 8080 }, "http://shop.example.com/");
}

async function answersOf(mesh: ServedMesh): Promise<readonly string[]> {
  const [inMesh, outside] = [await bySidecar(mesh), await byGateway(mesh)];
  return [echoOf(inMesh), echoOf(outside)].map(({ pod, path }) => `${pod} ${path}`);
}

const answered = (path: string): readonly string[] => [`other-0 ${path}`, `other-0 ${path}`];

test.each(["delta", "state-of-the-world"] as const)(
  "what was in force before something was refused stays so over a restart, for new proxies too, by %s",
  async (protocol) => {
    const files = { "apps.yaml": START, "routes.yaml": routes("/good") };
    const mesh = await serveMesh(files, { protocol });
    expect(await answersOf(mesh)).toEqual(answered("/good"));
    await mesh.write("routes.yaml", routes(String.raw`"/a\nb"`));
    expect(await answersOf(mesh)).toEqual(answered("/good"));
    await mesh.stop();
    await mesh.start();
    expect(await answersOf(mesh)).toEqual(answered("/good"));
    await mesh.replaceProxy(mesh.pod("caller-0"));
    await mesh.replaceProxy(mesh.gateway());
    expect(await answersOf(mesh)).toEqual(answered("/good"));
    await mesh.write("routes.yaml", routes("/mended"));
    expect(await answersOf(mesh)).toEqual(answered("/mended"));
    await mesh.stop();
    await mesh.start();
    expect(await answersOf(mesh)).toEqual(answered("/mended"));
  },
);

/** What asks for a ring of more than Envoy's largest makes a cluster that Envoy would refuse. */
const ring = (size: number): string => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: shop }
spec:
  host: shop
  trafficPolicy:
    loadBalancer: { consistentHash: { httpHeaderName: user, ringHash: { minimumRingSize: ${String(size)} } } }
`;

const TOO_LARGE = 99_999_999;

async function ringOf(mesh: ServedMesh, pod: string): Promise<string | undefined> {
  const dump = await admin(mesh.pod(pod), "/config_dump?resource=dynamic_active_clusters");
  const { configs = [] } = JSON.parse(dump) as {
    configs?: readonly { cluster: { name: string; ring_hash_lb_config?: object } }[];
  };
  const found = configs.find(({ cluster }) => cluster.name.startsWith("outbound|80||shop."));
  return found && JSON.stringify(found.cluster.ring_hash_lb_config);
}

test.each(["delta", "state-of-the-world"] as const)(
  "a proxy that is new has the cluster that was good before another was refused, and what it lacks is told, by %s",
  async (protocol) => {
    const files = { "apps.yaml": START, "ring.yaml": ring(2048) };
    const mesh = await serveMesh(files, { protocol });
    const good = await ringOf(mesh, "caller-0");
    expect(good).toContain('"2048"');
    const expectGood = async (): Promise<void> => {
      expect(echoOf(await bySidecar(mesh)).pod).toBe("shop-0");
      expect(await ringOf(mesh, "caller-0")).toBe(good);
      const { code, stderr, stdout } = await run(["wait", "--state", mesh.state]);
      expect([code, stdout + stderr]).toEqual([3, expect.stringContaining("minimum_ring_size")]);
    };
    await mesh.write("ring.yaml", ring(TOO_LARGE));
    await expectGood();
    await mesh.replaceProxy(mesh.pod("caller-0"));
    await expectGood();
    await mesh.stop();
    await mesh.start();
    await mesh.replaceProxy(mesh.pod("caller-0"));
    await expectGood();
    await mesh.write("more.yaml", application("shop").replaceAll("name: shop,", "name: more,"));
    expect(echoOf(await call(mesh.pod("caller-0"), "http://more/")).pod).toBe("shop-0");
    await mesh.write("ring.yaml", ring(4096));
    await vi.waitFor(async () => {
      expect(await ringOf(mesh, "caller-0")).toContain('"4096"');
    });
    expect((await run(["wait", "--state", mesh.state])).code).toBe(0);
  },
);
