import { expect, test } from "vitest";
import { statusResponse } from "../../../../src/debug/istio/status-response.js";
import { TYPE_URL } from "../../../../src/xds/resource.js";

const CONTROL_PLANE = { id: "devbox", version: "0.1.0", istioVersion: "1.29.6" };

test("a status of each proxy stands among istioctl's members, and what the debug API tells beside them", () => {
  const proxies = [
    {
      id: "payments-v1-0.default",
      namespace: "default",
      clusterId: "Kubernetes",
      istioVersion: "1.29.6",
      types: [
        {
          typeUrl: TYPE_URL.listener,
          status: "ERROR" as const,
          lastSent: "2026-11-25T21:00:04Z",
          lastRefusal: { at: "2026-11-25T21:00:05Z", error: "no such extension" },
        },
        { typeUrl: TYPE_URL.cluster, status: "SYNCED" as const, resumedAt: "2026-11-25T21:00:00Z" },
        { typeUrl: TYPE_URL.endpoint, status: "NOT_SENT" as const },
      ],
    },
  ];
  expect(statusResponse({ controlPlane: CONTROL_PLANE, proxies })).toEqual({
    resources: [
      {
        "@type": "type.googleapis.com/envoy.service.status.v3.ClientConfig",
        node: {
          id: "payments-v1-0.default",
          metadata: { CLUSTER_ID: "Kubernetes", NAMESPACE: "default", ISTIO_VERSION: "1.29.6" },
        },
        genericXdsConfigs: [
          {
            typeUrl: TYPE_URL.cluster,
            configStatus: "SYNCED",
            lastUpdated: "2026-11-25T21:00:00Z",
          },
          { typeUrl: TYPE_URL.endpoint, configStatus: "NOT_SENT" },
          {
            typeUrl: TYPE_URL.listener,
            configStatus: "ERROR",
            lastUpdated: "2026-11-25T21:00:04Z",
            errorState: {
              lastUpdateAttempt: "2026-11-25T21:00:05Z",
              details: "no such extension",
            },
          },
        ],
      },
    ],
    typeUrl: "istio.io/debug/syncz",
    controlPlane: {
      identifier: '{"Component":"fairlead","ID":"devbox","Info":{"version":"1.29.6"}}',
      ...CONTROL_PLANE,
    },
    proxies,
  });
});

test("where no proxy is connected there is a list of none", () => {
  expect(statusResponse({ controlPlane: CONTROL_PLANE })).toMatchObject({
    resources: [],
    proxies: [],
  });
});
