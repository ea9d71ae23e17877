/** Two control planes that follow each other: a workload that is registered at one is called by who is connected to the other. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { APPLICATION } from "./harness/host-programs.js";
import { namespacesMissing, startNetwork, type TestHost } from "./harness/namespaces.js";
import {
  APP_PORT,
  CALLED_MESH,
  connectedTo,
  makeDirectory,
  nameControlPlanes,
  startHostedControlPlane,
  startHostedProxy,
} from "./harness/two-control-planes.js";

const REQUESTS = 400;
const SOON = { timeout: 30_000, interval: 200 };

/** Nothing says where it is: its proxy does, by being connected. */
const workload = (name: string): string => `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      serviceAccountName: ${name}
      containers: [{name: app, ports: [{containerPort: ${String(APP_PORT)}}]}]
`;

const REQUEST = [
  ...["-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}"],
  ...["-x", "http://127.0.0.1:15007", "http://called/"],
];

const missing = await namespacesMissing();

test.skipIf(missing !== undefined)(
  `a workload at one control plane is called by proxies of the other, also when the one is killed, and no request fails${missing === undefined ? "" : ` (${missing})`}`,
  { timeout: 180_000 },
  async () => {
    const root = await makeDirectory();
    const network = await startNetwork();
    const [called, caller] = [await network.addHost("called"), await network.addHost("caller")];
    const hosts = [await network.addHost("first"), await network.addHost("second")] as const;
    await writeFile(
      join(root, "mesh", "mesh.yaml"),
      [CALLED_MESH, workload("called"), workload("caller")].join(""),
    );
    const startOne = (name: string, host: TestHost, other: TestHost) =>
      startHostedControlPlane(host, root, name, [
        ...["--tls-name", host.address, "--peer", `${other.address}:15012`],
      ]);
    const first = await startOne("first", hosts[0], hosts[1]);
    const second = await startOne("second", hosts[1], hosts[0]);
    await first.process.wrote(/following another control plane/);
    const application = called.start(process.execPath, [
      ...[APPLICATION, "called", String(APP_PORT), "127.0.0.1"],
    ]);
    await application.wrote(/listening/);
    for (const host of [called, caller]) await nameControlPlanes(host, hosts);
    const request = (): Promise<string> => caller.exec("curl", REQUEST);

    const proxy = await startHostedProxy(called, "called", { root, state: first.state });
    await startHostedProxy(caller, "caller", { root, state: second.state });
    expect([connectedTo(first), connectedTo(second)]).toEqual([
      ...[["called-0.default"], ["caller-0.default"]],
    ]);
    await expect.poll(request, SOON).toBe("200");

    await proxy.kill();
    await expect.poll(request, SOON).toBe("503");
    await startHostedProxy(called, "called", { root, state: first.state });
    await expect.poll(request, SOON).toBe("200");

    const load = caller.start("sh", [
      "-c",
      `for i in $(seq ${String(REQUESTS)}); do curl ${REQUEST.join(" ").replace("%{http_code}", "'%{http_code}\\n'")}; sleep 0.03; done; echo over`,
    ]);
    await load.wrote(/200/);
    await first.process.kill();
    await second.process.wrote(/called-0\.default[^\n]*"msg":"proxy connected"/);
    await load.wrote(/over/);
    expect(load.output().trim().split("\n")).toEqual([
      ...new Array<string>(REQUESTS).fill("200"),
      "over",
    ]);

    const again = await startOne("first", hosts[0], hosts[1]);
    await again.process.wrote(/following another control plane/);
    expect(await request()).toBe("200");
    expect(connectedTo(again)).toEqual([]);
  },
);
