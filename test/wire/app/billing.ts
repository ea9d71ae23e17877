import { TYPE_URL } from "../../../src/xds/resource.js";
import { openAds } from "./ads-client.js";
import type { Started } from "./start.js";

/** A service, of the workloads with its label. */
export const BILLING = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: billing }
spec:
  hosts: [billing.internal]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  workloadSelector: { labels: { app: billing } }
`;

export const BILLING_CLUSTER = "outbound|80||billing.internal";

/** How many of its endpoints, at addresses that begin with 127.0.0.1, a caller was told of, each time. */
export async function watchEndpoints({
  controlPlane,
}: Pick<Started, "controlPlane">): Promise<readonly number[]> {
  const counts: number[] = [];
  const caller = openAds({
    port: controlPlane.plaintextPort,
    name: "caller",
    judge: ({ typeUrl, bodies: [body] }) => {
      const text = body === undefined ? "" : Buffer.from(body).toString("latin1");
      if (typeUrl === TYPE_URL.endpoint) counts.push(text.split("127.0.0.1").length - 1);
      return undefined;
    },
  });
  await caller.ask(TYPE_URL.cluster);
  await caller.ask(TYPE_URL.endpoint, [BILLING_CLUSTER]);
  return counts;
}
