/** `fairlead wait`, asked of a control plane that runs. */
import { writeFile } from "node:fs/promises";
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
