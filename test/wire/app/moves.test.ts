/** What a caller is sent when a Service goes over to workloads of another identity. */
import { join } from "node:path";
import { expect, test } from "vitest";
import type {
  ClusterJson,
  ClusterLoadAssignmentJson,
  UpstreamTlsContextJson,
} from "../../../src/envoy/api.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { writeAtOnce } from "../../mesh/harness/places.js";
import { openDelta } from "../xds/discovery.js";
import type { DeltaStream } from "../xds/discovery-client.js";
import { nodeOf } from "./ads-client.js";
import { start } from "./start.js";

const CLUSTER = "outbound|80||moved.default.svc.cluster.local";

const workload = (app: string, address: string): string => `
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: ${app} }
spec:
  address: ${address}
  serviceAccount: ${app}
  labels: { app: ${app}, security.istio.io/tlsMode: istio }
`;

const leadingTo = (app: string): string => `
apiVersion: v1
kind: Service
metadata: { name: moved }
spec:
  selector: { app: ${app} }
  ports: [{ name: http, port: 80, targetPort: 8080 }]
${workload("red", "10.0.0.1")}
${workload("blue", "10.0.0.2")}
`;

/** Who may answer for a cluster, by the accounts. */
function accountsOf({ transportSocketMatches = [] }: ClusterJson): readonly string[] {
  const [mutual] = transportSocketMatches;
  const { commonTlsContext } = mutual?.transportSocket?.typedConfig as UpstreamTlsContextJson;
  const validation = commonTlsContext?.combinedValidationContext?.defaultValidationContext;
  const names = validation?.matchTypedSubjectAltNames ?? [];
  return names.map(({ matcher }) => matcher?.exact?.split("/").at(-1) ?? "").sort();
}

const addressesOf = ({ endpoints = [] }: ClusterLoadAssignmentJson): readonly string[] =>
  endpoints
    .flatMap(({ lbEndpoints = [] }) => lbEndpoints)
    .map(({ endpoint }) => endpoint?.address?.socketAddress?.address ?? "");

/** What the next response says of the cluster or its endpoints, and how to accept it. */
async function nextOf(stream: DeltaStream): Promise<{ said: string; ack: () => void }> {
  const { typeUrl = "", nonce = "", resources = [] } = await stream.next();
  const body = resources.find(({ name }) => name === CLUSTER)?.resource ?? {};
  const said =
    typeUrl === TYPE_URL.cluster
      ? `accepts ${accountsOf(body as ClusterJson).join(", ")}`
      : `leads to ${addressesOf(body as ClusterLoadAssignmentJson).join(", ")}`;
  return {
    said,
    ack: () => {
      stream.send({ typeUrl, responseNonce: nonce });
    },
  };
}

test("first the cluster accepts both identities, and when that is taken it leads to the new one alone", async () => {
  const { controlPlane, config } = await start(leadingTo("red"));
  const stream = openDelta(`127.0.0.1:${controlPlane.plaintextPort}`);
  const said: string[] = [];
  const next = async (): Promise<() => void> => {
    const response = await nextOf(stream);
    said.push(response.said);
    return response.ack;
  };
  stream.send({ node: nodeOf({}), typeUrl: TYPE_URL.cluster });
  (await next())();
  stream.send({ typeUrl: TYPE_URL.endpoint, resourceNamesSubscribe: [CLUSTER] });
  (await next())();
  await writeAtOnce(join(config, "mesh.yaml"), leadingTo("blue"));
  const acks = [await next(), await next()];
  for (const ack of acks.toReversed()) ack();
  (await next())();
  (await next())();
  expect(said).toEqual([
    "accepts red",
    "leads to 10.0.0.1",
    "accepts blue, red",
    "leads to 10.0.0.1",
    "accepts blue",
    "leads to 10.0.0.2",
  ]);
});
