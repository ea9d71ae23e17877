/** What a route that is for requests without a header asks of Envoy. */
import { expect, test } from "vitest";
import { hostIn, SIDECAR, sentTo } from "./sent-to.js";

const without = (match: string): string => `apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { clusterIP: 10.96.0.1, ports: [{ name: http, port: 80 }] }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop]
  http:
    - match: [{ withoutHeaders: { x-a: ${match} } }]
      route: [{ destination: { host: shop } }]`;

const NONE = { name: "x-a", presentMatch: true, invertMatch: true };

test.each([
  ["any value", "{}", NONE],
  ["any value, in Istio's word for that", '{ regex: "*" }', NONE],
  ["any value, as a regular expression", '{ regex: ".*" }', NONE],
  [
    "one value",
    "{ exact: b }",
    {
      name: "x-a",
      stringMatch: { exact: "b" },
      invertMatch: true,
      treatMissingHeaderAsEmpty: true,
    },
  ],
])("a header that may not have %s", (_what, match, expected) => {
  const host = hostIn(sentTo(SIDECAR, without(match)).routes.get("80"), "shop");
  expect(host?.routes?.[0]?.match?.headers).toEqual([expected]);
});
