/** Virtual hosts come and go, by themselves, in whole tables and on demand: real Envoys route alike. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { failures, startLoad } from "./harness/load.js";
import { application, documents, HTTP_GATEWAY, ON_DEMAND } from "./harness/manifests.js";
import { writeAtOnce } from "./harness/places.js";
import { call, callAddress, echoOf, keepAliveAgent } from "./harness/requests.js";
import { type LogRecord, type ServedMesh, shareServedMesh } from "./harness/served-mesh.js";

/** A route of the host `called`, inside and at the gateway, that marks its requests. */
function marked(edition: string): string {
  return `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: called }
spec:
  hosts: [called, app.example.com]
  gateways: [mesh, istio-system/edge]
  http:
  - route: [{ destination: { host: called } }]
    headers: { request: { set: { x-edition: ${edition} } } }
`;
}

/** Another name of the pods of `called`. */
function otherName(name: string): string {
  return `
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec:
  selector: { app: called }
  ports: [{ name: http, port: 80, targetPort: 8080 }, { name: http-more, port: 8081, targetPort: 8080 }]
`;
}

const FILES = {
  "apps.yaml": documents(application("caller"), application("called")),
  "gateway.yaml": HTTP_GATEWAY,
  "called.yaml": marked("first"),
};

const WAYS = [
  { way: "virtual hosts pushed", protocol: "delta", edited: ["VirtualHost"], more: {} },
  {
    way: "whole tables",
    protocol: "state-of-the-world",
    edited: ["RouteConfiguration"],
    more: {},
  },
  {
    way: "virtual hosts on demand",
    protocol: "delta",
    edited: ["VirtualHost"],
    more: { "mesh-config.yaml": ON_DEMAND },
  },
] as const;

/** The short names of the types of what proxies were sent. */
function typesSent(records: readonly LogRecord[]): readonly string[] {
  const sent = records.filter(({ msg }) => msg === "sent resources");
  return [...new Set(sent.map(({ typeUrl = "" }) => typeUrl.split(".").at(-1) ?? ""))].sort();
}

async function statusInside(mesh: ServedMesh, url: string): Promise<number> {
  return (await call(mesh.pod("caller-0"), url)).status;
}

async function edition(mesh: ServedMesh): Promise<string | undefined> {
  return echoOf(await call(mesh.pod("caller-0"), "http://called/")).headers["x-edition"];
}

async function editionOutside(mesh: ServedMesh): Promise<string | undefined> {
  const { pod } = mesh.gateway().addresses;
  const place = { address: pod, port: 8080 };
  const answer = await callAddress(place, "http://app.example.com/");
  return echoOf(answer).headers["x-edition"];
}

describe.for(WAYS)("with $way", ({ protocol, edited, more }) => {
  const mesh = shareServedMesh({ ...FILES, ...more }, { protocol });

  test("an edit of a route sends that route, and is in force inside and at the gateway", async () => {
    const agent = keepAliveAgent();
    const load = startLoad(4, () => call(mesh().pod("caller-0"), "http://called/", { agent }));
    await load.more(1);
    const before = mesh().records.length;
    await mesh().write("called.yaml", marked("second"));
    expect(typesSent(mesh().records.slice(before))).toEqual(edited);
    await expect.poll(() => edition(mesh())).toBe("second");
    await expect.poll(() => editionOutside(mesh())).toBe("second");
    await load.more(50);
    expect(failures(await load.stop())).toEqual([]);
  });

  test("a host that comes is served on its ports, one that goes falls to the catch-all", async () => {
    expect(await statusInside(mesh(), "http://alias/")).not.toBe(200);
    await mesh().write("alias.yaml", otherName("alias"));
    await expect.poll(() => statusInside(mesh(), "http://alias/")).toBe(200);
    await expect.poll(() => statusInside(mesh(), "http://alias:8081/")).toBe(200);
    await mesh().write("alias.yaml", otherName("renamed"));
    await expect.poll(() => statusInside(mesh(), "http://renamed:8081/")).toBe(200);
    await expect.poll(() => statusInside(mesh(), "http://alias/")).not.toBe(200);
    await mesh().remove("alias.yaml");
    await expect.poll(() => statusInside(mesh(), "http://renamed/")).not.toBe(200);
    expect(await statusInside(mesh(), "http://called/")).toBe(200);
  });

  test("proxies that come back are told what came and went meanwhile", async () => {
    await mesh().write("alias.yaml", otherName("alias"));
    await expect.poll(() => statusInside(mesh(), "http://alias/")).toBe(200);
    await mesh().stop();
    await writeAtOnce(join(mesh().directory, "alias.yaml"), otherName("renamed"));
    await writeAtOnce(join(mesh().directory, "called.yaml"), marked("third"));
    expect(await statusInside(mesh(), "http://alias/")).toBe(200);
    await mesh().start();
    await expect.poll(() => statusInside(mesh(), "http://renamed/")).toBe(200);
    await expect.poll(() => statusInside(mesh(), "http://alias/")).not.toBe(200);
    await expect.poll(() => edition(mesh())).toBe("third");
    await expect.poll(() => editionOutside(mesh())).toBe("third");
  });
});
