import { expect, test } from "vitest";
import type { HTTPRetry } from "../../../src/config/kinds/networking/virtual-service/http-retry.js";
import { inboundRetryPolicy } from "../../../src/envoy/route/retry-policy.js";

test.each<[retries: HTTPRetry | undefined, policy: object | undefined]>([
  [undefined, { retryOn: "reset-before-request", numRetries: 2 }],
  [{}, undefined],
  [{ attempts: 0 }, undefined],
  [{ attempts: 1 }, { retryOn: "reset-before-request", numRetries: 1 }],
  [
    { attempts: 3, retryOn: "5xx,429", perTryTimeout: "1s", backoff: "50ms" },
    {
      retryOn: "5xx,retriable-status-codes",
      retriableStatusCodes: [429],
      numRetries: 3,
      perTryTimeout: "1s",
      retryBackOff: { baseInterval: "0.050s" },
    },
  ],
  [
    { attempts: 1, retryOn: "0503,+429,retriable-status-codes" },
    { retryOn: "retriable-status-codes", retriableStatusCodes: [503, 429], numRetries: 1 },
  ],
  [
    { attempts: 1, retryOn: "reset", retryRemoteLocalities: true },
    { retryOn: "reset", numRetries: 1 },
  ],
])("by %j an application is asked again", (retries, policy) => {
  expect(inboundRetryPolicy(retries)).toEqual(policy);
});
