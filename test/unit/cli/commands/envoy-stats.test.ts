import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { run } from "../run.js";

/** Not that of any Envoy of this machine: an agent has its own port at the address of the admin interface. */
const HOST = "127.83.20.1";
const AGENT_PORT = 15020;

/** A server that answers by path; resolves with its port. */
async function serve(answers: Readonly<Record<string, string>>, port = 0): Promise<number> {
  const server: Server = createServer(({ url = "" }, response) => {
    const answer = answers[url];
    response.writeHead(answer === undefined ? 404 : 200).end(answer);
  });
  server.listen(port, HOST);
  await once(server, "listening");
  onTestFinished(async () => {
    server.close();
    await once(server, "close");
  });
  return (server.address() as AddressInfo).port;
}

const INFO = {
  "/server_info": JSON.stringify({
    node: { id: "sidecar~127.30.0.1~payments-v1-0.default~default.svc.cluster.local" },
  }),
};
const OWN = "envoy_server_live{} 1\n";

const stats = async (...args: readonly string[]): ReturnType<typeof run> => {
  const port = await serve({ ...INFO, "/stats/prometheus": OWN });
  return run(["envoy-stats", "--admin", `${HOST}:${String(port)}`, ...args]);
};

test("prom tells those of the Envoy", async () => {
  expect(await stats("-o", "prom")).toEqual({ code: 0, stdout: OWN, stderr: "" });
});

test("what an admin interface answers commands no terminal", async () => {
  const port = await serve({ ...INFO, "/stats": "cluster.\u001b[2J: 1\nserver.live: 1\n" });
  const { stdout } = await run(["envoy-stats", "--admin", `${HOST}:${String(port)}`]);
  expect(stdout).toBe("cluster.\\x1b[2J: 1\nserver.live: 1\n");
});

test("prom-merged tells what the agent of the proxy does", async () => {
  const merged = `${OWN}application_orders_total 7\n`;
  await serve({ "/stats/prometheus": merged }, AGENT_PORT);
  expect(await stats("-o", "prom-merged")).toEqual({ code: 0, stdout: merged, stderr: "" });
});

test("prom-merged says that a stock Envoy has no agent", async () => {
  expect(await stats("-o", "prom-merged")).toEqual({
    code: 1,
    stdout: "",
    stderr:
      `error: the statistics of payments-v1-0.default and of its application cannot be had together: no agent answers at ${HOST}:15020\n` +
      "  a stock Envoy has no agent: -o prom shows its own statistics, with Istio's metrics among them\n",
  });
});

test("there are none of clusters for Prometheus", async () => {
  const { code, stderr } = await stats("-t", "clusters", "-o", "prom-merged");
  expect(code).toBe(1);
  expect(stderr).toContain("Envoy has no statistics of clusters in the format for Prometheus");
});
