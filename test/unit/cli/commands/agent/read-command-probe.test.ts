/** Of which files an agent takes a command, and when it runs none. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readCommandProbe } from "../../../../../src/cli/commands/agent/read-command-probe.js";
import { temporaryDirectory } from "../../../ca/temporary-directory.js";
import { run } from "../../run.js";

const GROUP = `
apiVersion: networking.istio.io/v1
kind: WorkloadGroup
metadata: { name: billing, namespace: vms }
spec: { template: {}, probe: { failureThreshold: 3, exec: { command: [check, "a b"] } } }
`;

const workload = { name: "vm-1", namespace: "vms" };

async function directoryOf(text: string): Promise<string> {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, "group.yaml"), text);
  return directory;
}

test("a command is read with what Istio takes for what is not said", async () => {
  const config = [await directoryOf(GROUP)];
  expect(await readCommandProbe({ workload, config, group: "billing" })).toEqual({
    command: ["check", "a b"],
    ...{ delaySeconds: 0, timeoutSeconds: 1, periodSeconds: 10 },
    ...{ successThreshold: 1, failureThreshold: 3 },
  });
});

test("a command is run only of files that are given, and of the group that is named", async () => {
  const config = [await directoryOf(GROUP)];
  await expect(readCommandProbe({ workload, group: "billing" })).rejects.toThrow("--config");
  await expect(readCommandProbe({ workload, config })).rejects.toThrow("--group");
  await expect(readCommandProbe({ workload, config, group: "other" })).rejects.toThrow(
    "no WorkloadGroup other in namespace vms",
  );
  const elsewhere = { name: "vm-1", namespace: "default" };
  await expect(readCommandProbe({ workload: elsewhere, config, group: "billing" })).rejects.toThrow(
    "no WorkloadGroup billing in namespace default",
  );
});

test("an agent that has nothing to run says so, and does not start", async () => {
  const directory = await directoryOf(GROUP.replace(/exec.*/, "tcpSocket: { port: 80 } } }"));
  const { code, stderr } = await run([
    ...["agent", "--workload", "vm-1.vms", "--group", "billing", "--config", directory],
    ...["--command-probe", "--no-envoy", "--identity", await temporaryDirectory()],
  ]);
  expect(code).toBe(1);
  expect(stderr).toContain("with a probe by command");
});
