/** A cluster with TLS that Envoy cannot do, and an Envoy that starts with it. */
import { expect, test } from "vitest";
import { application, documents } from "./harness/manifests.js";
import { call, echoOf } from "./harness/requests.js";
import { serveMesh } from "./harness/served-mesh.js";
import { unknownCipher } from "./harness/unknown-cipher.js";

const BAD = `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: bad }
spec:
  configPatches:
    - applyTo: CLUSTER
      match: { context: SIDECAR_OUTBOUND, cluster: { service: early.default.svc.cluster.local } }
      patch:
        operation: MERGE
        value: ${unknownCipher("Upstream")}
`;

test.each(["delta", "state-of-the-world"] as const)(
  "an Envoy that starts with a cluster whose TLS it refuses calls by all others, and that one is blamed, by %s",
  async (protocol) => {
    const services = ["early", "called", "later"].map((name) => application(name));
    const files = { "apps.yaml": documents(application("caller"), ...services) };
    const mesh = await serveMesh(files, { protocol });
    await mesh.write("bad.yaml", BAD);
    // The one before got the cluster when it had its secrets.
    expect(echoOf(await call(mesh.pod("caller-0"), "http://called/")).pod).toBe("called-0");
    const before = mesh.records.length;
    await mesh.replaceProxy(mesh.pod("caller-0"));
    for (const name of ["called", "later"]) {
      expect(echoOf(await call(mesh.pod("caller-0"), `http://${name}/`)).pod).toBe(`${name}-0`);
    }
    const told = (): readonly string[] =>
      mesh
        .controlPlane()
        .diagnostics()
        .filter(({ code }) => code === "refused-by-proxy")
        .map(({ message, resource }) => `${message} ${resource ?? ""}`);
    await expect
      .poll(told)
      .toEqual([
        expect.stringMatching(
          /CDS outbound\|80\|\|early\..*NO-SUCH-CIPHER.*EnvoyFilter bad\.default/,
        ),
      ]);
    const refused = mesh.records
      .slice(before)
      .filter(
        ({ msg, proxy }) => msg === "proxy refused resources" && proxy === "caller-0.default",
      );
    expect(refused.map(({ typeUrl }) => typeUrl)).toEqual([
      expect.stringContaining("Cluster") as string,
    ]);
  },
);
