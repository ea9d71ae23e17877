/** Faults of ours by which single resources cannot be made: Envoys that come meanwhile have all others at once. */
import { expect, test, vi } from "vitest";
import type * as inbound from "../../src/envoy/cluster/inbound-cluster.js";
import type * as assignments from "../../src/envoy/cluster/load-assignment.js";
import type * as outbound from "../../src/envoy/cluster/outbound-cluster.js";
import type * as extensions from "../../src/envoy/extension/extension-config.js";
import type * as entries from "../../src/envoy/listener/entry-chains.js";
import type * as inboundListeners from "../../src/envoy/listener/inbound-listener.js";
import type * as routing from "../../src/envoy/route/http-route.js";
import { run } from "../unit/cli/run.js";
import { admin } from "./harness/admin.js";
import { application, documents, HTTP_GATEWAY } from "./harness/manifests.js";
import { call, callAddress, echoOf } from "./harness/requests.js";
import { serveMesh } from "./harness/served-mesh.js";

const fault = vi.hoisted(() => {
  // Other files of this worker have loaded the modules without the fault.
  vi.resetModules();
  return { isBroken: false, hosts: ["odd.example.com", "even.default.svc.cluster.local"] };
});

vi.mock(import("../../src/envoy/cluster/inbound-cluster.js"), async (importOriginal) => {
  const real: typeof inbound = await importOriginal();
  return {
    ...real,
    inboundCluster: (port, ...others) => {
      if (fault.isBroken && port.targetPort === 9090) throw new TypeError("an odd port");
      return real.inboundCluster(port, ...others);
    },
  };
});

vi.mock(import("../../src/envoy/cluster/outbound-cluster.js"), async (importOriginal) => {
  const real: typeof outbound = await importOriginal();
  return {
    ...real,
    outboundClusters: (inputs) => {
      if (fault.isBroken && inputs.service.name === "odd") throw new TypeError("an odd service");
      return real.outboundClusters(inputs);
    },
  };
});

vi.mock(import("../../src/envoy/route/http-route.js"), async (importOriginal) => {
  const real: typeof routing = await importOriginal();
  return {
    ...real,
    httpRoutes: (virtualService, context) => {
      if (fault.isBroken && virtualService.hosts.some((host) => fault.hosts.includes(host))) {
        throw new TypeError("an odd route");
      }
      return real.httpRoutes(virtualService, context);
    },
  };
});

vi.mock(import("../../src/envoy/cluster/load-assignment.js"), async (importOriginal) => {
  const real: typeof assignments = await importOriginal();
  return {
    ...real,
    loadAssignment: (name, ...others) => {
      if (fault.isBroken && name.includes("odd-ends")) throw new TypeError("odd endpoints");
      return real.loadAssignment(name, ...others);
    },
  };
});

vi.mock(import("../../src/envoy/listener/entry-chains.js"), async (importOriginal) => {
  const real: typeof entries = await importOriginal();
  return {
    ...real,
    entryChains: (service, ...others) => {
      if (fault.isBroken && service.hostname.startsWith("odd-bytes")) {
        throw new TypeError("odd chains");
      }
      return real.entryChains(service, ...others);
    },
  };
});

vi.mock(import("../../src/envoy/listener/inbound-listener.js"), async (importOriginal) => {
  const real: typeof inboundListeners = await importOriginal();
  return {
    ...real,
    inboundListener: (secured, ...others) => {
      if (fault.isBroken && secured.port.targetPort === 9091) throw new TypeError("an odd way in");
      return real.inboundListener(secured, ...others);
    },
  };
});

vi.mock(import("../../src/envoy/extension/extension-config.js"), async (importOriginal) => {
  const real: typeof extensions = await importOriginal();
  return {
    ...real,
    extensionConfig: (extension, ...others) => {
      if (fault.isBroken && extension.name.includes("odd")) throw new TypeError("odd code");
      return real.extensionConfig(extension, ...others);
    },
  };
});

const ODD_PORT = `
apiVersion: v1
kind: Service
metadata: { name: other-port }
spec: { selector: { app: caller }, ports: [{ name: http, port: 90, targetPort: 9090 }] }
`;

const ODD_SERVICE = application("called").replaceAll("name: called,", "name: odd,");

/** Calls in the mesh to a service that is there. */
const ODD_CALLS = `${application("called").replaceAll("name: called,", "name: even,")}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: even }
spec:
  hosts: [even]
  http: [{ route: [{ destination: { host: even } }] }]
`;

const routes = (name: string): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name} }
spec:
  hosts: [${name}.example.com]
  gateways: [istio-system/edge]
  http: [{ route: [{ destination: { host: called.default.svc.cluster.local } }] }]
`;

test.each(["delta", "state-of-the-world"] as const)(
  "an Envoy that is new while a cluster or a route cannot be made has all others, and it is told where that is written, by %s",
  async (protocol) => {
    const files = {
      "apps.yaml": documents(application("caller"), application("called"), HTTP_GATEWAY),
      "good.yaml": routes("good"),
    };
    const mesh = await serveMesh(files, { protocol });
    const atGateway = (host: string) =>
      callAddress({ address: mesh.gateway().addresses.pod, port: 8080 }, `http://${host}/`);
    const expectGood = async (): Promise<void> => {
      expect(echoOf(await call(mesh.pod("caller-0"), "http://called/")).pod).toBe("called-0");
      expect(echoOf(await call(mesh.pod("called-0"), "http://caller/")).pod).toBe("caller-0");
      expect(echoOf(await atGateway("good.example.com")).pod).toBe("called-0");
    };
    fault.isBroken = true;
    await mesh.write("odd.yaml", documents(ODD_PORT, ODD_SERVICE, ODD_CALLS, routes("odd")));
    await expectGood();

    await mesh.replaceProxy(mesh.pod("caller-0"));
    await mesh.replaceProxy(mesh.gateway());
    await expectGood();
    expect((await atGateway("odd.example.com")).status).toBe(404);
    const { code, stdout, stderr } = await run(["wait", "--state", mesh.state]);
    expect(code).toBe(3);
    for (const name of ["inbound|9090||", "outbound|80||odd."]) {
      expect(stdout + stderr).toContain(name);
    }
    expect(mesh.records.filter(({ msg }) => msg.includes("waits"))).toEqual([]);
    const told = mesh
      .controlPlane()
      .diagnostics()
      .map(({ message }) => message);
    const faults = [
      "cluster inbound|9090||",
      "cluster outbound|80||odd.",
      "virtual host odd.example.com:80",
      "virtual host even.default.svc.cluster.local:80",
    ];
    for (const what of faults) {
      const { length } = told.filter(
        (one) => one.includes(what) && one.includes("a fault of fairlead's"),
      );
      expect([what, length]).toEqual([what, 1]);
    }

    fault.isBroken = false;
    await mesh.write("odd.yaml", routes("mended"));
    await expect.poll(async () => (await atGateway("mended.example.com")).status).toBe(200);
  },
);

const ODD_ENDS = application("called").replaceAll("name: called,", "name: odd-ends,");

/** Hosts that share a port, and a listener, and are told apart by their server names. */
const bytes = (name: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name} }
spec:
  hosts: [${name}.example.com]
  ports: [{ number: 9443, name: tls, protocol: TLS }]
  resolution: STATIC
  endpoints: [{ address: 127.0.0.1 }]
`;

const extension = (name: string): string => `
apiVersion: extensions.istio.io/v1alpha1
kind: TrafficExtension
metadata: { name: ${name} }
spec:
  selector: { matchLabels: { app: called } }
  match: [{ mode: SERVER }]
  lua:
    inlineCode: |
      function envoy_on_request(request)
        request:headers():add("x-passed", "${name}")
      end
`;

test.each(["delta", "state-of-the-world"] as const)(
  "an Envoy that is new while listeners, endpoints or extensions cannot be made has all others, and it is told where that is written, by %s",
  async (protocol) => {
    const apps = documents(application("caller"), application("called"), bytes("good-bytes"));
    const mesh = await serveMesh({ "apps.yaml": apps }, { protocol });
    fault.isBroken = true;
    const odd = [
      ODD_PORT.replace("other-port", "odd-port")
        .replace("port: 90,", "port: 91,")
        .replace("9090", "9091"),
      ODD_ENDS,
      bytes("odd-bytes"),
      extension("odd"),
      extension("good"),
    ];
    await mesh.write("odd.yaml", documents(...odd));
    await mesh.replaceProxy(mesh.pod("caller-0"));
    await mesh.replaceProxy(mesh.pod("called-0"));

    const answer = echoOf(await call(mesh.pod("caller-0"), "http://called/"));
    expect([answer.pod, answer.headers["x-passed"]]).toEqual(["called-0", "good"]);
    expect(echoOf(await call(mesh.pod("called-0"), "http://caller/")).pod).toBe("caller-0");
    expect((await call(mesh.pod("caller-0"), "http://odd-ends/")).status).toBe(503);
    const listeners = await admin(mesh.pod("caller-0"), "/config_dump?resource=dynamic_listeners");
    expect(listeners).toContain("good-bytes.example.com");
    expect(listeners).not.toContain("odd-bytes.example.com");
    expect(mesh.records.filter(({ msg }) => msg.includes("waits"))).toEqual([]);
    const told = mesh.controlPlane().diagnostics();
    for (const what of ["listener", "endpoints outbound|80||odd-ends.", "extension"]) {
      const found = told.filter(({ message }) => message.includes(`left out: ${what}`));
      expect([what, found.map(({ position }) => position?.file)]).not.toEqual([what, []]);
    }
    const { code, stdout, stderr } = await run(["wait", "--state", mesh.state]);
    expect(code).toBe(3);
    for (const name of ["_9091", "outbound|80||odd-ends.", "_9443", "odd"]) {
      expect(stdout + stderr).toContain(name);
    }

    fault.isBroken = false;
    await mesh.write("odd.yaml", documents(...odd.map((text) => text.replaceAll("odd", "even"))));
    await expect
      .poll(async () => echoOf(await call(mesh.pod("caller-0"), "http://even-ends/")).pod)
      .toBe("called-0");
    expect((await run(["wait", "--state", mesh.state])).code).toBe(0);
  },
);
