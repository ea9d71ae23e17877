/** The names that an agent answers its application's questions to DNS with. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { openDelta, openSotw } from "../xds/discovery-client.js";
import { type Started, start } from "./start.js";

const NAME_TABLE = "type.googleapis.com/istio.networking.nds.v1.NameTable";

const id = "sidecar~10.0.0.1~caller-0.default~default.svc.cluster.local";

/** As an agent says of itself; an Envoy that answers by itself is started by nobody whom it knows. */
const AGENT = {
  id,
  metadata: { DNS_CAPTURE: "true", PROXY_CONFIG: { binaryPath: "/usr/local/bin/envoy" } },
};

const service = (address: string): string => `
apiVersion: v1
kind: Service
metadata: { name: payments }
spec: { clusterIP: ${address}, ports: [{ name: http, port: 80 }] }
`;

const tableWith = (address: string): object => ({
  "@type": NAME_TABLE,
  table: {
    "payments.default.svc.cluster.local": {
      ips: [address],
      registry: "Kubernetes",
      shortname: "payments",
      namespace: "default",
    },
  },
});

const edit = ({ config }: Started, text: string): Promise<void> =>
  writeFile(join(config, "mesh.yaml"), text);

const addressOf = ({ controlPlane }: Started): string =>
  `127.0.0.1:${String(controlPlane.plaintextPort)}`;

test("an agent is told all names at once, and again when one leads elsewhere", async () => {
  const started = await start(service("10.96.0.1"));
  const stream = openDelta(addressOf(started));
  onTestFinished(() => {
    stream.close();
  });
  const next = async (): Promise<unknown> => {
    const { nonce = "", resources = [] } = await stream.next();
    stream.send({ typeUrl: NAME_TABLE, responseNonce: nonce });
    return resources.map(({ name = "", resource }) => ({ name, resource }));
  };
  stream.send({ node: AGENT, typeUrl: NAME_TABLE });
  expect(await next()).toEqual([{ name: "", resource: tableWith("10.96.0.1") }]);
  await edit(started, service("10.96.0.2"));
  expect(await next()).toEqual([{ name: "", resource: tableWith("10.96.0.2") }]);
});

test("an agent that is told the state of the world is told the same", async () => {
  const started = await start(service("10.96.0.1"));
  const stream = openSotw(addressOf(started));
  onTestFinished(() => {
    stream.close();
  });
  const next = async (): Promise<unknown> => {
    const { nonce = "", versionInfo = "", resources } = await stream.next();
    stream.send({ typeUrl: NAME_TABLE, responseNonce: nonce, versionInfo });
    return resources;
  };
  stream.send({ node: AGENT, typeUrl: NAME_TABLE });
  expect(await next()).toEqual([tableWith("10.96.0.1")]);
  await edit(started, service("10.96.0.2"));
  expect(await next()).toEqual([tableWith("10.96.0.2")]);
});

test("a proxy that does not ask for names is told none", async () => {
  const started = await start(service("10.96.0.1"));
  const stream = openDelta(addressOf(started));
  onTestFinished(() => {
    stream.close();
  });
  stream.send({ node: { id }, typeUrl: NAME_TABLE });
  stream.send({ typeUrl: TYPE_URL.listener });
  expect((await stream.next()).typeUrl).toBe(TYPE_URL.listener);
});
