/** What an Envoy says by state of the world of clusters that it was sent while it waited for another to be warm. */
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { run } from "../unit/cli/run.js";
import { application, documents, namespace } from "./harness/manifests.js";
import { writeAtOnce } from "./harness/places.js";
import { call } from "./harness/requests.js";
import { type LogRecord, shareServedMesh } from "./harness/served-mesh.js";

const mesh = shareServedMesh(
  {
    "apps.yaml": documents(
      namespace("default", "enabled"),
      application("caller"),
      application("called"),
    ),
  },
  { protocol: "state-of-the-world" },
);

/** Adds a cluster of the caller that has this in its TLS. */
const cluster = (name: string, tls: string): string => `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: ${name}, namespace: default }
spec:
  workloadSelector: { labels: { app: caller } }
  configPatches:
    - applyTo: CLUSTER
      match: { context: SIDECAR_OUTBOUND }
      patch:
        operation: ADD
        value:
          name: ${name}
          type: STATIC
          connect_timeout: 1s
          transport_socket:
            name: envoy.transport_sockets.tls
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
              common_tls_context: ${tls}
`;

/** A cluster that is not warm before Envoy has given up to wait for its secret, which there is not. */
const SLOW = cluster(
  "slow",
  "{ tls_certificate_sds_secret_configs: [{ name: there-is-not, sds_config: { ads: {}, resource_api_version: V3, initial_fetch_timeout: 4s } }] }",
);

/** A cluster that Envoy refuses. */
const BAD = cluster("bad", "{ tls_params: { cipher_suites: [NO-SUCH-CIPHER] } }");

/** What the control plane has told of clusters and the caller's proxy. */
const told = (msg: string): readonly LogRecord[] =>
  mesh().records.filter(
    (record) =>
      record.msg === msg &&
      record.proxy === "caller-0.default" &&
      record.typeUrl?.endsWith(".Cluster") === true,
  );

const waitFor = async (check: () => unknown): Promise<void> => {
  await vi.waitFor(check, { timeout: 10_000, interval: 20 });
};

/** Writes a file; resolves when the caller's proxy has been sent clusters, whatever it makes of them. */
async function send(name: string, text: string): Promise<void> {
  const before = told("sent resources").length;
  await writeAtOnce(join(mesh().directory, name), text);
  await waitFor(() => {
    expect(told("sent resources").length).toBeGreaterThan(before);
  });
}

test("a good set of clusters is not blamed for the fault of one before, of which Envoy tells late", async () => {
  await send("slow.yaml", SLOW);
  await send("edited.yaml", BAD);
  await send("edited.yaml", application("called").replaceAll("name: called,", "name: more,"));
  expect(told("proxy refused resources")).toEqual([]);
  await waitFor(() => {
    expect(told("proxy refused resources")).toMatchObject([{ names: [] }]);
  });
  // Its route follows the cluster.
  expect((await run(["wait", "--state", mesh().state])).code).toBe(0);
  expect((await call(mesh().pod("caller-0"), "http://more/")).status).toBe(200);
});
