import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { run } from "../../run.js";

/** The address of a server that answers every question with this. */
async function serve(status: number, body: string): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(status).end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
  });
  return `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

const SERVER_INFO = JSON.stringify({
  node: { id: "sidecar~127.30.0.1~payments-v1-0.default~default.svc.cluster.local" },
});

test("dashboard envoy prints where the admin interface is", async () => {
  const address = await serve(200, SERVER_INFO);
  expect(await run(["dashboard", "envoy", "payments-v1-0", "--admin", address])).toEqual({
    code: 0,
    stdout: `http://${address}/\n`,
    stderr: "",
  });
});

test("dashboard envoy does not take one proxy for another", async () => {
  const address = await serve(200, SERVER_INFO);
  const { code, stderr } = await run(["dash", "proxy", "a-0", "-n", "shop", "--admin", address]);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr:
      `error: the Envoy at ${address} is payments-v1-0.default, not a-0.shop\n` +
      "  leave out --admin or the pod: each alone says which proxy is meant\n",
  });
});

test("an admin interface that answers with an error is quoted", async () => {
  const address = await serve(503, "shutting down\n");
  const { code, stderr } = await run(["dashboard", "envoy", "--admin", address]);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr:
      `error: the admin interface at ${address} answered /server_info with 503: shutting down\n` +
      "  is an Envoy there? its own admin interface answers to a browser too\n",
  });
});

test("what answers like a web page is no Envoy", async () => {
  const address = await serve(200, "<html>");
  const { code, stderr } = await run(["dashboard", "envoy", "--admin", address]);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr:
      `error: what answers at ${address} is no Envoy\n` +
      "  --admin is the admin interface of one: port 15000 in most meshes\n",
  });
});

test("a page beside the mesh is printed when something is there", async () => {
  const url = `http://${await serve(200, "")}/d/mesh`;
  expect(await run(["dashboard", "grafana", "--url", url])).toEqual({
    code: 0,
    stdout: `${url}\n`,
    stderr: "",
  });
});

test.each(["controlz", "grafana", "jaeger", "kiali", "prometheus", "zipkin"])(
  "dashboard %s says what to do when nothing is there",
  async (name) => {
    // Port 1 is nobody's.
    const { code, stdout, stderr } = await run(["dashboard", name, "--url", "http://127.0.0.1:1/"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^error: nothing answers at http:\/\/127\.0\.0\.1:1\/: .*\n {2}.*--url/);
  },
);

test.each(["127.0.0.1:3000", "file:///etc/passwd"])("%s is no page", async (url) => {
  const { code, stderr } = await run(["dashboard", "kiali", "--url", url]);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `error: ${url} is no address of a web page\n  one begins with http://\n`,
  });
});
