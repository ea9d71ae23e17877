/** When a member of a WorkloadGroup is ready to be called, and where. */
import { expect, test } from "vitest";
import { parseOffline } from "../../../src/config/parse-offline.js";
import { groupedWorkload } from "../../../src/mesh/workload/group-member.js";
import type { Workload } from "../../../src/mesh/workload/workload.js";

const groupOf = (rest: string, template = "") =>
  parseOffline([
    {
      path: "group.yaml",
      text: `
apiVersion: networking.istio.io/v1
kind: WorkloadGroup
metadata: { name: vms }
spec: { template: { ${template} }, ${rest} }
`,
    },
  ]).tables.WorkloadGroup.get("default/vms");

const WORKLOAD = { ready: true, labels: {}, locality: "", network: "", ports: {}, weight: 1 };

const isReady = (probe: string, byCommands: boolean, healthy?: boolean): boolean =>
  groupedWorkload(
    WORKLOAD as unknown as Workload,
    groupOf(probe),
    healthy === undefined ? undefined : { healthy, reason: "" },
    byCommands,
  ).ready;

const COMMAND = "probe: { exec: { command: [check] } }";

test("a workload whose agent runs commands is called once its command has ended with 0", () => {
  expect(isReady(COMMAND, true)).toBe(false);
  expect(isReady(COMMAND, true, false)).toBe(false);
  expect(isReady(COMMAND, true, true)).toBe(true);
});

test("one that nobody asks is called, unless somebody says that it is not healthy", () => {
  expect(isReady(COMMAND, false)).toBe(true);
  expect(isReady(COMMAND, false, false)).toBe(false);
  expect(isReady("", true)).toBe(true);
});

test("one that its Envoy asks waits for that, whatever its agent runs", () => {
  expect(isReady("probe: { tcpSocket: { port: 80 } }", false)).toBe(false);
  expect(isReady("probe: { tcpSocket: { port: 80 } }", true)).toBe(false);
});

test("a member has the ports of its group's template, by their names", () => {
  const group = groupOf("", "ports: { web: 8080 }");
  const { ports, namedPorts } = groupedWorkload(
    { ...WORKLOAD, namedPorts: { admin: 9000 } } as unknown as Workload,
    group,
    undefined,
    false,
  );
  expect({ ports, namedPorts }).toEqual({
    ports: { web: 8080 },
    namedPorts: { admin: 9000, web: 8080 },
  });
});
