/** Virtual hosts come and go, by themselves, in whole tables and on demand: real Envoys route alike. */
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { createFailureCounter } from "../../src/up/echo/echo-controls.js";
import { listenEcho } from "../../src/up/echo/echo-server.js";
import { admin, stats } from "./harness/admin.js";
import { failures, startLoad } from "./harness/load.js";
import { application, documents, HTTP_GATEWAY, ON_DEMAND } from "./harness/manifests.js";
import { writeAtOnce } from "./harness/places.js";
import { type Answer, call, callAddress, echoOf, keepAliveAgent } from "./harness/requests.js";
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

/** Names of the pods of `called` that nobody has called before, one of them with routes. */
const COLD = `
apiVersion: v1
kind: Service
metadata: { name: cold }
spec:
  selector: { app: called }
  ports: [{ name: http, port: 80, targetPort: 8080 }, { name: tcp, port: 9090, targetPort: 8080 }]
---
apiVersion: v1
kind: Service
metadata: { name: colder }
spec:
  selector: { app: called }
  ports: [{ name: http, port: 80, targetPort: 8080 }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: cold }
spec:
  hosts: [cold]
  http:
  - match: [{ uri: { prefix: /aborted } }]
    fault: { abort: { httpStatus: 418, percentage: { value: 100 } } }
    route: [{ destination: { host: cold } }]
  - match: [{ uri: { prefix: /split } }]
    mirrors: [{ destination: { host: caller } }]
    route:
    - { destination: { host: cold }, weight: 50 }
    - { destination: { host: colder }, weight: 50 }
`;

/** Hosts of a wildcard that are looked up: by their name they are this machine, without any server of DNS. */
const world = (port: number): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: world }
spec:
  hosts: ["*.world.localhost"]
  ports: [{ number: 8000, name: http, protocol: HTTP, targetPort: ${port} }]
  resolution: DYNAMIC_DNS
`;

const FILES = {
  "apps.yaml": documents(application("caller"), application("called")),
  "cold.yaml": COLD,
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

  test("the first requests and connections to a host are answered", async () => {
    const caller = mesh().pod("caller-0");
    const status = async (answer: Promise<Answer>): Promise<number> => (await answer).status;
    const at = { address: caller.addresses.egress, port: 9090 };
    const body = "x".repeat(300_000);
    const first = [
      call(caller, "http://cold/aborted"),
      call(caller, "http://cold/split"),
      call(caller, "http://cold.default:80/split", { method: "POST", body }),
      call(caller, "http://cold/elsewhere"),
      call(caller, "http://colder.default.svc.cluster.local/"),
      callAddress(at, "http://cold:9090/"),
    ];
    expect(await Promise.all(first.map(status))).toEqual([418, 200, 200, 404, 200, 200]);
  });

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

describe("a sidecar that asks for what it calls", () => {
  const mesh = shareServedMesh({ ...FILES, "mesh-config.yaml": ON_DEMAND });

  /** The services that the caller's Envoy has clusters for. */
  const services = async (): Promise<readonly string[]> => {
    const text = await admin(mesh().pod("caller-0"), "/clusters");
    const names = text.split("\n").map((line) => line.split("::")[0] ?? "");
    return [...new Set(names.filter((name) => name.startsWith("outbound|")))].sort();
  };

  test("has what it called and nothing else", async () => {
    expect(await services()).toEqual([]);
    expect(await statusInside(mesh(), "http://called/")).toBe(200);
    expect(await services()).toEqual(["outbound|80||called.default.svc.cluster.local"]);
  });

  test("is given the cluster of a wildcard when it first calls one of its hosts, which is looked up", async () => {
    const identity = { standInFor: "the world" };
    const server = await listenEcho(
      { address: "127.0.0.1", port: 0, identity },
      createFailureCounter(0),
    );
    onTestFinished(() => server.close());
    await mesh().writeForTest("world.yaml", world(server.port));
    for (const host of ["a.world.localhost", "b.world.localhost"]) {
      const answer = await call(mesh().pod("caller-0"), `http://${host}:8000/`);
      expect(JSON.parse(answer.body)).toMatchObject({ ...identity, authority: `${host}:8000` });
    }
    expect(await services()).toContain("outbound|8000||*.world.localhost");
  });

  test("has its request wait while the control plane is away, and answered when it is back", async () => {
    await mesh().stop();
    const answer = call(mesh().pod("caller-0"), "http://colder/", { timeoutMs: 60_000 });
    const active = async (): Promise<number> => {
      const all = await stats(mesh().pod("caller-0"), "downstream_rq_active");
      return (
        all.get(
          `http.outbound_${mesh().pod("caller-0").addresses.egress}_15007;.downstream_rq_active`,
        ) ?? 0
      );
    };
    await expect.poll(active).toBe(1);
    await mesh().start();
    expect((await answer).status).toBe(200);
  });

  test("that calls very many hosts is given all, and goes on as before", async () => {
    const agent = keepAliveAgent();
    const hosts = Array.from({ length: 520 }, (_, i) => `127.36.${i >> 8}.${i & 255}`);
    const unreachable = async (host: string): Promise<number> =>
      (await call(mesh().pod("caller-0"), `http://${host}/`, { agent })).status;
    for (let from = 0; from < hosts.length; from += 20) {
      const some = hosts.slice(from, from + 20);
      expect(await Promise.all(some.map(unreachable))).toEqual(some.map(() => 503));
    }
    expect(await services()).toContain("outbound|80||cold.default.svc.cluster.local");
    expect(await statusInside(mesh(), "http://called/")).toBe(200);
    expect(await statusInside(mesh(), "http://cold/split")).toBe(200);
    expect(await statusInside(mesh(), "http://127.36.9.9/")).toBe(503);
  });
});
