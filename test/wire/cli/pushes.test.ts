/** What `fairlead pushes` tells of changes that a running control plane sent. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { PushJson } from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { run } from "../../unit/cli/run.js";
import { openAds } from "../app/ads-client.js";
import { start } from "../app/start.js";

const mesh = (address: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: payments, namespace: default}
spec:
  hosts: [payments.example.com]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: STATIC
  endpoints: [{address: ${address}}]
`;

test("an edit is told by its stages once the proxies have it", async () => {
  const { controlPlane, config, state } = await start(mesh("10.0.0.1"));
  const ads = openAds({ port: controlPlane.plaintextPort });
  await ads.ask(TYPE_URL.cluster);
  await ads.ask(TYPE_URL.endpoint, ["outbound|80||payments.example.com"]);
  const before = await run(["pushes", "--state", state]);
  expect(before).toEqual({ code: 0, stdout: "nothing has changed yet\n", stderr: "" });
  const settled = new Promise<void>((resolve) => {
    controlPlane.onSettled(() => {
      resolve();
    });
  });
  await writeFile(join(config, "mesh.yaml"), mesh("10.0.0.2"));
  await settled;
  const { stdout } = await run(["pushes", "--state", state, "-o", "json"]);
  const [push, ...others] = JSON.parse(stdout) as PushJson[];
  expect(others).toEqual([]);
  expect(push).toMatchObject({
    resources: ["ServiceEntry payments.default"],
    ...{ changed: 1, proxies: 1, responses: 1 },
  });
  const { readMs, parseMs, meshMs, encodeMs, sendMs = 0, ackMs = 0 } = push?.stages ?? {};
  expect(Math.min(...[readMs, parseMs, meshMs, encodeMs].map(Number))).toBeGreaterThan(0);
  // These two are by a clock of whole milliseconds, which a fast machine may not see go on.
  expect(Number(encodeMs)).toBeLessThan(Number(sendMs) + 1);
  expect(Number(ackMs)).toBeGreaterThanOrEqual(0);
  const table = (await run(["pushes", "--state", state])).stdout.trim().split("\n");
  expect(table).toHaveLength(2);
  expect(table[0]).toMatch(/^AT +TOTAL +READ +PARSE +MESH +SEND +ENCODE +ACK +PROXIES +BYTES/);
  expect(table[1]).toMatch(/ServiceEntry payments.default$/);
});
