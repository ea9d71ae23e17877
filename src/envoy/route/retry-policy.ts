/** How often, when and where Envoy tries a request again, outbound and inbound. */

import { defined } from "../../base/defined.js";
import { commaSeparated } from "../../base/text/comma-separated.js";
import {
  type HTTPRetry,
  retriedStatus,
} from "../../config/kinds/networking/virtual-service/http-retry.js";
import { any } from "../any.js";
import type { RetryPolicyJson } from "../api.js";
import { goDuration } from "../duration.js";

/** What Istio retries on when nobody says: failures after which the request was not handled. */
const DEFAULT_RETRY_ON =
  "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes";
const DEFAULT_RETRIES = 2;
const HOST_SELECTION_ATTEMPTS = "5";
const SERVICE_UNAVAILABLE = 503;
const STATUS_CODES = "retriable-status-codes";

/** Whether a retry goes to an endpoint that was not tried yet. */
function otherHosts(others: boolean): RetryPolicyJson {
  const notBefore = {
    name: "envoy.retry_host_predicates.previous_hosts",
    typedConfig: any("envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate", {}),
  };
  return {
    ...(others ? { retryHostPredicate: [notBefore] } : {}),
    hostSelectionRetryMaxAttempts: HOST_SELECTION_ATTEMPTS,
  };
}

/** `5xx,503,reset` in conditions and status codes; a code needs the condition `retriable-status-codes` beside it. */
function parseRetryOn(retryOn: string): Pick<RetryPolicyJson, "retryOn" | "retriableStatusCodes"> {
  const words = commaSeparated(retryOn);
  const codes = words.map(retriedStatus).filter((status) => status !== undefined);
  const conditions = words.filter((word) => retriedStatus(word) === undefined);
  const all =
    codes.length > 0 && !conditions.includes(STATUS_CODES)
      ? [...conditions, STATUS_CODES]
      : conditions;
  return {
    retryOn: all.join(","),
    ...(codes.length > 0 ? { retriableStatusCodes: codes } : {}),
  };
}

/** What of a request that failed says that the application never saw it. */
const UNSEEN = "reset-before-request";

/**
 * What the proxy of an application does with requests for it that fail: without a policy it sends those again that the
 * application never saw; undefined when it retries nothing (`attempts: 0`). There is one endpoint, so none is avoided.
 * See Istio, MeshConfig.defaultInboundHttpRetryPolicy.
 */
export function inboundRetryPolicy(retries: HTTPRetry | undefined): RetryPolicyJson | undefined {
  const {
    attempts = 0,
    retryOn = "",
    perTryTimeout,
    backoff,
  } = retries ?? ({ attempts: DEFAULT_RETRIES } satisfies HTTPRetry);
  if (attempts <= 0) return undefined;
  return {
    ...parseRetryOn(retryOn === "" ? UNSEEN : retryOn),
    numRetries: attempts,
    ...sooner({ perTryTimeout, backoff }),
  };
}

/** How long an attempt may take, and how soon the next one is made. */
function sooner({
  perTryTimeout,
  backoff,
}: {
  readonly perTryTimeout: string | undefined;
  readonly backoff: string | undefined;
}): Pick<RetryPolicyJson, "perTryTimeout" | "retryBackOff"> {
  const base = goDuration(backoff);
  return defined<RetryPolicyJson>({
    perTryTimeout: goDuration(perTryTimeout),
    retryBackOff: base === undefined ? undefined : { baseInterval: base },
  });
}

/**
 * The retry policy of a route; undefined when it retries nothing (`attempts: 0`). A policy that is asked for without
 * conditions also retries 503 answers. `sticky` says that requests belong to one endpoint, which is then tried again,
 * unless `retryIgnorePreviousHosts` says otherwise. See Istio, HTTPRetry.
 */
export function retryPolicy(
  retries: HTTPRetry | undefined,
  sticky: boolean,
): RetryPolicyJson | undefined {
  if (retries === undefined) {
    return { retryOn: DEFAULT_RETRY_ON, numRetries: DEFAULT_RETRIES, ...otherHosts(!sticky) };
  }
  const attempts = retries.attempts ?? 0;
  if (attempts <= 0) return undefined;
  const conditions =
    retries.retryOn === undefined || retries.retryOn === ""
      ? { retryOn: DEFAULT_RETRY_ON, retriableStatusCodes: [SERVICE_UNAVAILABLE] }
      : parseRetryOn(retries.retryOn);
  const { perTryTimeout, backoff } = retries;
  return {
    ...conditions,
    numRetries: attempts,
    ...otherHosts(retries.retryIgnorePreviousHosts ?? !sticky),
    ...sooner({ perTryTimeout, backoff }),
    ...defined<RetryPolicyJson>({
      retryPriority:
        retries.retryRemoteLocalities === true
          ? {
              name: "envoy.retry_priorities.previous_priorities",
              typedConfig: any(
                "envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig",
                { updateFrequency: 2 },
              ),
            }
          : undefined,
    }),
  };
}
