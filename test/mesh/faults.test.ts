/** A fault of ours, by which nothing of a type can be made: an Envoy that comes meanwhile, and what is told of it. */
import { expect, test, vi } from "vitest";
import type * as proxies from "../../src/mesh/proxy/http-proxy-port.js";
import { run } from "../unit/cli/run.js";
import { admin } from "./harness/admin.js";
import { application, documents } from "./harness/manifests.js";
import { call, echoOf } from "./harness/requests.js";
import { serveMesh } from "./harness/served-mesh.js";

const fault = vi.hoisted(() => {
  // Other files of this worker have loaded the modules without the fault.
  vi.resetModules();
  return { isBroken: false };
});

vi.mock(import("../../src/mesh/proxy/http-proxy-port.js"), async (importOriginal) => {
  const real: typeof proxies = await importOriginal();
  return {
    ...real,
    httpProxyPort: (config, proxy) => {
      if (fault.isBroken) throw new TypeError("an odd port of all listeners");
      return real.httpProxyPort(config, proxy);
    },
  };
});

const SOON = { timeout: 20_000 };

const more = (port: number): string => `
apiVersion: v1
kind: Service
metadata: { name: more }
spec: { selector: { app: called }, ports: [{ name: http, port: ${String(port)}, targetPort: 8080 }] }
`;

test.each(["delta", "state-of-the-world"] as const)(
  "an Envoy that is new while a fault lasts gets what can be made, waits for the rest, and is told of, by %s",
  async (protocol) => {
    const apps = documents(application("caller"), application("called"));
    const mesh = await serveMesh({ "apps.yaml": apps }, { protocol });
    const caller = mesh.pod("caller-0");
    fault.isBroken = true;
    await mesh.write("more.yaml", more(8181));
    // Who was there before goes on, and has the cluster.
    expect(echoOf(await call(caller, "http://called/")).pod).toBe("called-0");

    const toldToWait = (): readonly unknown[] =>
      mesh.records.filter(
        ({ msg, proxy }) => msg.includes("waits") && proxy === "caller-0.default",
      );
    const replaced = mesh.replaceProxy(caller);
    // The one before has its listeners.
    await expect.poll(toldToWait, SOON).not.toEqual([]);
    const clusters = (): Promise<string> => admin(caller, "/clusters").catch(() => "");
    await expect.poll(clusters, SOON).toContain("outbound|8181||more.");
    expect(await admin(caller, "/listeners")).not.toMatch(/_15007::/);
    const { code, stdout, stderr } = await run([
      ...["wait", "--proxy", "caller-0", "--timeout", "200ms", "--state", mesh.state],
    ]);
    expect(code).toBe(4);
    expect(stdout + stderr).toMatch(/could not be made/);
    // It is on the same stream all the while, and has later changes of what can be made.
    await mesh.write("others.yaml", more(8183).replace("more", "others"));
    await expect.poll(clusters, SOON).toContain("outbound|8183||others.");
    const ended = mesh.records.filter(({ msg }) => msg === "a stream failed");
    expect(ended).toEqual([]);

    fault.isBroken = false;
    await mesh.write("more.yaml", more(8182));
    await replaced;
    expect(echoOf(await call(caller, "http://called/")).pod).toBe("called-0");
    expect((await run(["wait", "--state", mesh.state])).code).toBe(0);
  },
);
