/** Two control planes of one authority, on hosts of their own, of which one goes while requests are made. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { APPLICATION, MAIN } from "./harness/host-programs.js";
import { namespacesMissing, startNetwork } from "./harness/namespaces.js";
import {
  APP_PORT,
  CALLED_MESH,
  connectedTo,
  makeDirectory,
  nameControlPlanes,
  startHostedControlPlane,
  startHostedProxy,
  workloadEntry,
} from "./harness/two-control-planes.js";

const WORKLOADS = ["called", "caller"] as const;
const REQUESTS = 200;

const EDITION = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: called}
spec:
  hosts: [called]
  http:
  - headers: {response: {set: {x-edition: second}}}
    route: [{destination: {host: called}}]
`;

const missing = await namespacesMissing();

test.skipIf(missing !== undefined)(
  `proxies go on with another control plane of the same authority when theirs is gone, and no request fails${missing === undefined ? "" : ` (${missing})`}`,
  async () => {
    const root = await makeDirectory();
    const network = await startNetwork();
    const [called, caller] = [await network.addHost("called"), await network.addHost("caller")];
    const hosts = { called, caller };
    const entries = WORKLOADS.map((name) => workloadEntry(name, hosts[name]));
    await writeFile(join(root, "mesh", "mesh.yaml"), [CALLED_MESH, ...entries].join(""));
    const first = await startHostedControlPlane(await network.addHost("first"), root, "first");
    const second = await startHostedControlPlane(await network.addHost("second"), root, "second");
    const application = called.start(process.execPath, [
      ...[APPLICATION, "called", String(APP_PORT), "127.0.0.1"],
    ]);
    await application.wrote(/listening/);
    for (const name of WORKLOADS) {
      await nameControlPlanes(hosts[name], [first.host, second.host]);
      await startHostedProxy(hosts[name], name, { root, state: first.state });
    }
    expect(connectedTo(first)).toEqual(["called-0.default", "caller-0.default"]);
    expect(connectedTo(second)).toEqual([]);

    const request =
      "curl -s -m 5 -o /dev/null -w '%{http_code}\\n' -x http://127.0.0.1:15007 http://called/";
    const load = caller.start("sh", [
      ...["-c", `for i in $(seq ${String(REQUESTS)}); do ${request}; done; echo over`],
    ]);
    await load.wrote(/200/);
    await first.process.kill();
    await second.process.wrote(/caller-0\.default[^\n]*"msg":"proxy connected"/);
    await second.process.wrote(/called-0\.default[^\n]*"msg":"proxy connected"/);
    await load.wrote(/over/);
    expect(load.output().trim().split("\n")).toEqual([
      ...new Array<string>(REQUESTS).fill("200"),
      "over",
    ]);

    await writeFile(join(root, "mesh", "edition.yaml"), EDITION);
    await second.host.exec(process.execPath, [MAIN, "wait", "--state", second.state]);
    const answer = await caller.exec("curl", [
      ...["-si", "-m", "5", "-x", "http://127.0.0.1:15007", "http://called/"],
    ]);
    expect(answer).toMatch(/^x-edition: second\r$/m);
  },
);
