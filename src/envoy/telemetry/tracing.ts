/** How connection managers trace requests. */

import {
  CANONICAL_NAME,
  CANONICAL_REVISION,
} from "../../config/kinds/telemetry/canonical-labels.js";
import type { CustomTag } from "../../config/kinds/telemetry/telemetry.js";
import type { ProxyTracing } from "../../mesh/telemetry/tracing.js";
import type { CustomTagJson, HttpConnectionManager_TracingJson } from "../api.js";
import { firstOf, firstOr, ownLabel, ownMetadata } from "./format.js";
import { tracerProvider } from "./tracer.js";

/** What a connection manager traces. */
export interface RequestTracing {
  readonly manager: HttpConnectionManager_TracingJson;
  /** Whether a request is traced is written into its ID, and read from there. */
  readonly useRequestId: boolean;
}

/** Of whom the spans are. */
export interface Traced {
  /** A gateway. */
  readonly router: boolean;
  /** The name of the proxy's own service; undefined where proxies share listeners. */
  readonly serviceName?: string;
}

/** What the filter of policies that are only tried out says of a request. */
function dryRunTag(action: "allow" | "deny", what: "name" | "result"): CustomTagJson {
  const key = what === "name" ? "shadow_effective_policy_id" : "shadow_engine_result";
  return {
    tag: `istio.authorization.dry_run.${action}_policy.${what}`,
    metadata: {
      kind: { request: {} },
      metadataKey: {
        key: "envoy.filters.http.rbac",
        path: [{ key: `istio_dry_run_${action}_${key}` }],
      },
    },
  };
}

/** Istio's tags: whose proxy it is, and what policies would have done. By the proxy's node, as proxies share listeners. */
const ISTIO_TAGS: readonly CustomTagJson[] = [
  {
    tag: "istio.canonical_revision",
    value: firstOr("latest", ownLabel(CANONICAL_REVISION)),
  },
  {
    tag: "istio.canonical_service",
    value: firstOf(ownLabel(CANONICAL_NAME)),
  },
  { tag: "istio.mesh_id", value: firstOf(ownMetadata("MESH_ID")) },
  { tag: "istio.namespace", value: firstOr("default", ownMetadata("NAMESPACE")) },
  { tag: "istio.cluster_id", value: firstOf(ownMetadata("CLUSTER_ID")) },
  dryRunTag("allow", "name"),
  dryRunTag("allow", "result"),
  dryRunTag("deny", "name"),
  dryRunTag("deny", "result"),
];

function customTag(tag: string, value: CustomTag): readonly CustomTagJson[] {
  const { literal, environment, header, formatter } = value;
  if (literal !== undefined) return [{ tag, literal }];
  if (environment !== undefined) return [{ tag, environment }];
  if (header !== undefined) return [{ tag, requestHeader: header }];
  return formatter === undefined ? [] : [{ tag, value: formatter.value }];
}

function customTags({ customTags: own, istioTags }: ProxyTracing): readonly CustomTagJson[] {
  const tags = [
    ...(istioTags ? ISTIO_TAGS : []),
    ...Object.entries(own).flatMap(([name, value]) => customTag(name, value)),
  ];
  return tags.sort((a, b) => ((a.tag ?? "") < (b.tag ?? "") ? -1 : 1));
}

/**
 * How a proxy's connection managers of one side trace. A gateway has a span for each request that it sends on, as has
 * every proxy with SkyWalking. See Istio, configureTracing.
 */
export function requestTracing(
  tracing: ProxyTracing,
  { router, serviceName }: Traced,
): RequestTracing {
  const tags = customTags(tracing);
  const { maxPathTagLength } = tracing;
  return {
    manager: {
      clientSampling: { value: 100 },
      randomSampling: { value: tracing.sampling },
      overallSampling: { value: 100 },
      ...(maxPathTagLength === undefined ? {} : { maxPathTagLength }),
      ...(tracing.isSilent === true ? { noContextPropagation: true } : {}),
      ...(tags.length === 0 ? {} : { customTags: [...tags] }),
      provider: tracerProvider(tracing, serviceName),
      ...(router || tracing.tracer.kind === "skywalking" ? { spawnUpstreamSpan: true } : {}),
    },
    useRequestId: tracing.useRequestId,
  };
}
