/** What a running control plane tells Prometheus. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { openAds } from "./ads-client.js";
import { createCertificate } from "./certificate-client.js";
import { type Started, start } from "./start.js";

const mesh = (timeout: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: payments, namespace: default}
spec:
  hosts: [payments.example.com]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: STATIC
  endpoints: [{address: 10.0.0.1}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: payments, namespace: default}
spec:
  hosts: [payments.example.com]
  http: [{timeout: ${timeout}, route: [{destination: {host: payments.example.com}}]}]
`;

/** The samples of the metrics page by name and labels. */
async function samples({ controlPlane }: Started): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`http://127.0.0.1:${controlPlane.httpPort}/metrics`);
  const lines = (await response.text()).split("\n").filter((line) => /^[a-z]/.test(line));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(" ");
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

test("a proxy and an edit are counted under Istio's names", async () => {
  const started = await start(mesh("1s"));
  const { controlPlane, config } = started;
  const ads = openAds({ port: controlPlane.plaintextPort });
  await ads.ask(TYPE_URL.cluster);
  await ads.ask(TYPE_URL.route, ["80"]);
  await ads.ask(TYPE_URL.virtualHost);
  const settled = new Promise<void>((resolve) => {
    controlPlane.onSettled(() => {
      resolve();
    });
  });
  await writeFile(join(config, "mesh.yaml"), mesh("2s"));
  await settled;
  const now = await samples(started);
  expect([...now.keys()].find((name) => name.startsWith("pilot_xds{version="))).toBeDefined();
  const expected = {
    pilot_services: 1,
    pilot_virt_services: 1,
    'pilot_xds_pushes{type="cds"}': 1,
    'pilot_xds_pushes{type="vhds"}': 2,
    'pilot_xds_push_time_count{type="vhds"}': 2,
    'pilot_xds_config_size_bytes_bucket{le="10000",type="cds"}': 1,
    'pilot_xds_config_size_bytes_bucket{le="1",type="cds"}': 0,
    'pilot_k8s_cfg_events{type="VirtualService",event="update"}': 1,
    pilot_proxy_convergence_time_count: 1,
  };
  expect(Object.fromEntries([...now].filter(([name]) => name in expected))).toEqual(expected);
});

test("how late the event loop is can be seen", async () => {
  const now = await samples(await start(mesh("1s")));
  expect(now.get("nodejs_eventloop_lag_p99_seconds")).toBeGreaterThan(0);
});

test("the authority counts what it refuses, and says when its root expires", async () => {
  const started = await start(mesh("1s"));
  const token = await started.token();
  await expect(
    createCertificate({ ...started.overTls, token: "never made" }, "no request"),
  ).rejects.toThrow();
  await expect(createCertificate({ ...started.overTls, token }, "no request")).rejects.toThrow();
  const now = await samples(started);
  expect(now.get("citadel_server_authentication_failure_count")).toBe(1);
  expect(now.get("citadel_server_csr_count")).toBe(1);
  expect(now.get("citadel_server_csr_parsing_err_count")).toBe(1);
  expect(now.get("citadel_server_success_cert_issuance_count")).toBe(0);
  expect(now.get("citadel_server_root_cert_expiry_seconds")).toBeGreaterThan(86_400);
  expect(now.get("citadel_server_cert_chain_expiry_timestamp")).toBe(
    now.get("citadel_server_root_cert_expiry_timestamp"),
  );
});
