/** What Envoy would refuse, and a control plane that is started when it is already there. */
import { expect, test } from "vitest";
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
