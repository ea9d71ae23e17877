import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { createXdsMetrics } from "../../../../src/app/metrics/xds-metrics.js";
import { TYPE_URL } from "../../../../src/xds/resource.js";

const stream = { stream: "1", session: "payments-0.default", protocol: "delta" } as const;

test("what a proxy refused is told by its name while it is connected, and in all for ever", async () => {
  const registry = new Registry();
  const metrics = createXdsMetrics(registry, "1.2.3");
  const refused = { ...stream, nonce: "n", ms: 1, error: "no", names: [] };
  metrics.opened(stream);
  metrics.nacked({ ...refused, typeUrl: TYPE_URL.cluster });
  metrics.nacked({ ...refused, typeUrl: TYPE_URL.secret });
  const samples = async (): Promise<readonly string[]> =>
    (await registry.metrics()).split("\n").filter((line) => /reject|^pilot_xds\{/.test(line));
  expect(await samples()).toEqual(
    expect.arrayContaining([
      'pilot_xds{version="1.2.3"} 1',
      'pilot_total_xds_rejects{type="cds"} 1',
      'pilot_total_xds_rejects{type="sds"} 1',
      'pilot_xds_cds_reject{node="payments-0.default"} 1',
    ]),
  );
  metrics.closed({ ...stream, code: undefined, reason: "gone" });
  const after = await samples();
  expect(after).toContain('pilot_xds{version="1.2.3"} 0');
  expect(after).toContain('pilot_total_xds_rejects{type="cds"} 1');
  expect(after.join()).not.toContain("payments-0");
});
