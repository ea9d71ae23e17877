/** `fairlead wait`, asked of a control plane that runs. */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { run } from "../../unit/cli/run.js";
import { type AdsClient, type AdsClientOptions, openAds } from "../app/ads-client.js";
import { type Started, start } from "../app/start.js";

vi.setConfig({ testTimeout: 30_000 });

const ORDERS = "outbound|80||orders.default.svc.cluster.local";

const service = (name: string): string => `
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { ports: [{ name: http, port: 80 }] }
`;

async function enter(
  { overTls, token }: Started,
  name: string,
  judge?: AdsClientOptions["judge"],
): Promise<AdsClient> {
  const client = openAds({
    ...{ ...overTls, name, serviceAccount: "payments" },
    token: await token(),
    ...(judge && { judge }),
  });
  await client.ask(TYPE_URL.cluster);
  return client;
}

const wait = ({ state }: Started, ...options: string[]) =>
  run(["wait", "--state", state, ...options]);

/** The seconds that it took are another number each time. */
const timeless = (text: string): string => text.replace(/after [\d.]+ s/, "after N s");

test("is over when every proxy has accepted an edit from just before", async () => {
  const started = await start(service("payments"));
  await enter(started, "payments-0");
  await enter(started, "payments-1");
  await writeFile(join(started.config, "orders.yaml"), service("orders"));
  const { code, stdout, stderr } = await wait(started);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(timeless(stdout)).toBe("2 of 2 proxies hold what they should, after N s\n");
  expect(started.controlPlane.snapshot().tables.Service.has("default/orders")).toBe(true);
});

test("names who has not answered, and what, when it was long enough", async () => {
  const started = await start(service("payments"));
  await enter(started, "payments-0");
  await enter(started, "payments-1", ({ names }) => (names.includes(ORDERS) ? false : undefined));
  await writeFile(join(started.config, "orders.yaml"), service("orders"));
  const { code, stdout, stderr } = await wait(started, "--timeout", "300ms");
  expect(code).toBe(4);
  expect(timeless(stdout)).toBe(
    [
      "PROXY                TYPE   RESOURCE                                        STATUS",
      `payments-1.default   CDS    ${ORDERS}   has not answered`,
      "1 of 2 proxies hold what they should, after N s",
      "",
    ].join("\n"),
  );
  expect(stderr).toContain("1 proxy did not answer within 0.3 s");
});

test("names who refuses it, with the reason, for programs too", async () => {
  const started = await start(service("payments"));
  await enter(started, "payments-0", ({ names }) =>
    names.includes(ORDERS) ? "no orders here" : undefined,
  );
  await writeFile(join(started.config, "orders.yaml"), service("orders"));
  const { code, stdout } = await wait(started, "-o", "json");
  expect(code).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({
    proxies: 1,
    outstanding: [
      {
        proxy: "payments-0.default",
        shortName: "CDS",
        name: ORDERS,
        status: "REFUSED",
        error: "no orders here",
      },
    ],
  });
});

test("says when the files have errors, since what they are about is not in force", async () => {
  const started = await start(service("payments"));
  await enter(started, "payments-0");
  await writeFile(join(started.config, "orders.yaml"), service("orders").replace("80", "many"));
  const { code, stdout } = await wait(started);
  expect(code).toBe(0);
  expect(stdout).toContain("The configuration has 1 error, of which nothing new is in force");
});

const rule = (host: string): string => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${host} }
spec:
  host: ${host}
  trafficPolicy: { connectionPool: { http: { http1MaxPendingRequests: 7 } } }
`;

const PAYMENTS = "outbound|80||payments.default.svc.cluster.local";

test("of one resource is over when every proxy has accepted that, whatever else they refuse", async () => {
  const started = await start(`${service("payments")}---${service("orders")}`);
  await enter(started, "payments-0", ({ names }) =>
    names.includes(ORDERS) ? "no orders here" : undefined,
  );
  await writeFile(join(started.config, "rule.yaml"), rule("payments"));
  const { code, stdout, stderr } = await wait(started, "destination-rule", "payments.default");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(timeless(stdout)).toBe(
    "DestinationRule payments.default: 1 of 1 proxy holds what it should, after N s\n",
  );
  expect((await wait(started)).code).toBe(3);
});

test("of one resource names who refuses what it made", async () => {
  const started = await start(service("payments"));
  let refuses = false;
  await enter(started, "payments-0", ({ names }) =>
    refuses && names.includes(PAYMENTS) ? "no limits here" : undefined,
  );
  refuses = true;
  await writeFile(join(started.config, "rule.yaml"), rule("payments"));
  const { code, stdout, stderr } = await wait(started, "DestinationRule", "payments");
  expect(code).toBe(3);
  expect(stdout).toContain(`CDS    ${PAYMENTS}   refused: no limits here`);
  expect(stderr).toContain("1 proxy goes on with an earlier version of what is refused");
});

test("of one resource waits for it to be written", async () => {
  const started = await start(service("payments"));
  await enter(started, "payments-0");
  const late = await wait(started, "destinationrule", "payments", "--timeout", "200ms");
  expect(late).toMatchObject({ code: 4, stdout: "" });
  expect(late.stderr).toContain("there was no DestinationRule payments.default within 0.2 s");
  const waiting = wait(started, "destinationrule", "payments");
  await writeFile(join(started.config, "rule.yaml"), rule("payments"));
  expect((await waiting).code).toBe(0);
});

test("of one resource waits for no mending of its errors", async () => {
  const started = await start(service("payments"));
  await writeFile(join(started.config, "rule.yaml"), rule("payments").replace("7", "many"));
  const { code, stdout, stderr } = await wait(started, "destinationrule", "payments");
  expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
  expect(stderr).toContain("DestinationRule payments.default has 1 error: it is not in force");
});

test("of one resource tells of what it made and Envoy would refuse", async () => {
  const started = await start(service("payments"));
  await enter(started, "payments-0");
  const patch = { operation: "MERGE", value: { connect_timeout: "-7s" } };
  const filter = {
    apiVersion: "networking.istio.io/v1alpha3",
    kind: "EnvoyFilter",
    metadata: { name: "hasty" },
    spec: {
      configPatches: [{ applyTo: "CLUSTER", match: { context: "SIDECAR_OUTBOUND" }, patch }],
    },
  };
  await writeFile(join(started.config, "filter.yaml"), JSON.stringify(filter));
  const { code, stderr } = await wait(started, "envoy-filter", "hasty");
  expect(code).toBe(3);
  expect(stderr).toContain("EnvoyFilter hasty.default has ");
  expect(stderr).toContain("it is in force without what is wrong, or in an earlier version");
});

test("for the end of a resource is over when no proxy has it any more", async () => {
  const started = await start(service("payments"));
  const file = join(started.config, "rule.yaml");
  await writeFile(file, rule("payments"));
  await enter(started, "payments-0");
  const gone = ["--for", "delete", "destinationrule", "payments"];
  const early = await wait(started, ...gone, "--timeout", "200ms");
  expect(early.code).toBe(4);
  expect(early.stderr).toContain("DestinationRule payments.default was still there after 0.2 s");
  await rm(file);
  expect((await wait(started, ...gone)).code).toBe(0);
});

test("says for what when it takes longer than a moment", async () => {
  const started = await start(service("payments"));
  await enter(started, "payments-0");
  const { stderr } = await wait(started, "dr", "payments", "--timeout", "1200ms");
  expect(stderr.split("\n")[0]).toBe(
    "waiting for DestinationRule payments.default, which no file has yet, 1.2 s at most",
  );
});

test("of one proxy asks nobody else, and waits for it to come", async () => {
  const started = await start(service("payments"));
  await enter(started, "payments-1", () => false);
  const absent = await wait(started, "--proxy", "payments-0", "--timeout", "200ms");
  expect(absent.code).toBe(4);
  expect(absent.stderr).toContain("no proxy payments-0.default was connected within 0.2 s");
  const waiting = wait(started, "--proxy", "payments-0.default", "service", "payments");
  await enter(started, "payments-0");
  const { code, stdout } = await waiting;
  expect(code).toBe(0);
  expect(stdout).toContain("1 of 1 proxy holds what it should");
});

test("is over when as many proxies as are enough hold it", async () => {
  const started = await start(service("payments"));
  await enter(started, "payments-0");
  await enter(started, "payments-1", () => false);
  expect((await wait(started, "--threshold", ".5")).code).toBe(0);
  const { code } = await wait(started, "--threshold", ".51", "--timeout", "200ms");
  expect(code).toBe(4);
});

test("takes kinds by their short names, and tells kinds of one name apart by what is in force", async () => {
  const started = await start(`${service("payments")}---${rule("payments")}---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: istio
  listeners: [{ name: http, port: 80, protocol: HTTP }]
`);
  await enter(started, "payments-0");
  const about = async (kind: string, name: string): Promise<string> => {
    const { stdout, stderr } = await wait(started, kind, name, "--timeout", "50ms");
    return (stdout + stderr).split("\n")[0] ?? "";
  };
  expect(await about("dr", "payments")).toMatch(/^DestinationRule payments\.default: 1 of 1 /);
  expect(await about("services", "payments")).toMatch(/^Service payments\.default: 1 of 1 /);
  expect(await about("gateway", "edge")).toMatch(/^KubernetesGateway edge\.default: 1 of 1 /);
  expect(await about("gtw", "edge")).toMatch(/^KubernetesGateway edge\.default: 1 of 1 /);
  expect(await about("gw", "edge")).toContain("there was no Gateway edge.default within");
});

test("takes the kinds alone that there are", async () => {
  const started = await start(service("payments"));
  const { code, stderr } = await wait(started, "virtualservise", "payments");
  expect(code).toBe(1);
  expect(stderr).toContain('there is no kind "virtualservise" (did you mean "VirtualService"?)');
});

test("the name of a resource of no namespace may have dots", async () => {
  const gatewayClass = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: own.gateways }
spec: { controllerName: istio.io/gateway-controller }
`;
  const started = await start(`${service("payments")}---${gatewayClass}`);
  await enter(started, "payments-0");
  const { code, stdout, stderr } = await wait(started, "gatewayclass", "own.gateways");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(timeless(stdout)).toBe(
    "GatewayClass own.gateways: 1 of 1 proxy holds what it should, after N s\n",
  );
});
