import { expect, test } from "vitest";
import { parseOffline } from "../../../../../src/config/parse-offline.js";

const EXCLUDED = "traffic.sidecar.istio.io/excludeOutboundPorts";

test.each([
  [
    "a pod",
    `apiVersion: v1
kind: Pod
metadata:
  name: one
  annotations:
    ${EXCLUDED}: "9000"
spec: {}
`,
    6,
  ],
  [
    "the pods of a Deployment",
    `apiVersion: apps/v1
kind: Deployment
metadata: { name: one }
spec:
  selector: { matchLabels: { app: one } }
  template:
    metadata:
      labels: { app: one }
      annotations:
        ${EXCLUDED}: "9000"
        sidecar.istio.io/inject: "true"
`,
    10,
  ],
])("warns of an annotation of %s about what is captured, at its place", (_what, text, line) => {
  const { diagnostics } = parseOffline([{ path: "a.yaml", text }]);
  expect(diagnostics).toMatchObject([
    {
      severity: "warning",
      code: "not-applied",
      position: { file: "a.yaml", line },
      message: expect.stringContaining(EXCLUDED) as string,
    },
  ]);
});
