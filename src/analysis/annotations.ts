/** The annotations that Istio knows. See Istio, "Resource Annotations". */

/** What Istio says of an annotation. */
export interface KnownAnnotation {
  /** The kinds that may have it; none for those that any kind may have. */
  readonly kinds: readonly string[];
  readonly maturity: "alpha" | "beta" | "stable";
  readonly isDeprecated: boolean;
}

const on = (...kinds: readonly string[]): KnownAnnotation => ({
  kinds,
  maturity: "alpha",
  isDeprecated: false,
});
const onAny = on();
const beta = (annotation: KnownAnnotation): KnownAnnotation => ({
  ...annotation,
  maturity: "beta",
});
const stable = (annotation: KnownAnnotation): KnownAnnotation => ({
  ...annotation,
  maturity: "stable",
});
const deprecated = (annotation: KnownAnnotation): KnownAnnotation => ({
  ...annotation,
  isDeprecated: true,
});

const KNOWN: ReadonlyMap<string, KnownAnnotation> = new Map([
  ["alpha.istio.io/canonical-serviceaccounts", deprecated(on("Service"))],
  ["alpha.istio.io/kubernetes-serviceaccounts", deprecated(on("Service"))],
  ["ambient.istio.io/bypass-inbound-capture", on("Pod")],
  ["ambient.istio.io/dns-capture", on("Pod")],
  ["ambient.istio.io/redirection", beta(on("Pod"))],
  ["ambient.istio.io/waypoint-inbound-binding", on("GatewayClass", "Gateway")],
  ["galley.istio.io/analyze-suppress", onAny],
  ["gateway.istio.io/controller-version", onAny],
  ["gateway.istio.io/name-override", on("Gateway")],
  ["gateway.istio.io/service-account", on("Gateway")],
  ["inject.istio.io/templates", on("Pod")],
  ["istio.io/autoRegistrationGroup", on("WorkloadEntry")],
  ["istio.io/connectedAt", on("WorkloadEntry")],
  ["istio.io/disconnectedAt", on("WorkloadEntry")],
  ["istio.io/dry-run", on("AuthorizationPolicy")],
  ["istio.io/reroute-virtual-interfaces", on("Pod")],
  ["istio.io/rev", on("Pod")],
  ["istio.io/workloadController", on("WorkloadEntry")],
  ["kubernetes.io/ingress.class", stable(on("Ingress"))],
  ["networking.istio.io/address-type", on("Gateway")],
  ["networking.istio.io/exportTo", on("Service")],
  ["networking.istio.io/service-type", on("Gateway")],
  ["networking.istio.io/traffic-distribution", on("Namespace", "Service", "ServiceEntry")],
  ["prometheus.istio.io/merge-metrics", on("Pod")],
  ["proxy.istio.io/config", beta(on("Pod"))],
  ["proxy.istio.io/overrides", on("Pod")],
  ["readiness.status.sidecar.istio.io/applicationPorts", on("Pod")],
  ["readiness.status.sidecar.istio.io/failureThreshold", on("Pod")],
  ["readiness.status.sidecar.istio.io/initialDelaySeconds", on("Pod")],
  ["readiness.status.sidecar.istio.io/periodSeconds", on("Pod")],
  ["sidecar.istio.io/agentLogLevel", on("Pod")],
  ["sidecar.istio.io/bootstrapOverride", on("Pod")],
  ["sidecar.istio.io/componentLogLevel", on("Pod")],
  ["sidecar.istio.io/discoveryAddress", deprecated(on("Pod"))],
  ["sidecar.istio.io/enableCoreDump", on("Pod")],
  ["sidecar.istio.io/extraStatTags", deprecated(on("Pod"))],
  ["sidecar.istio.io/inject", deprecated(beta(on("Pod")))],
  ["sidecar.istio.io/interceptionMode", on("Pod")],
  ["sidecar.istio.io/logLevel", on("Pod")],
  ["sidecar.istio.io/nativeSidecar", on("Pod")],
  ["sidecar.istio.io/proxyCPU", on("Pod")],
  ["sidecar.istio.io/proxyCPULimit", on("Pod")],
  ["sidecar.istio.io/proxyImage", on("Pod")],
  ["sidecar.istio.io/proxyImageType", on("Pod")],
  ["sidecar.istio.io/proxyMemory", on("Pod")],
  ["sidecar.istio.io/proxyMemoryLimit", on("Pod")],
  ["sidecar.istio.io/rewriteAppHTTPProbers", on("Pod")],
  ["sidecar.istio.io/statsCompression", on("Pod")],
  ["sidecar.istio.io/statsEvictionInterval", on("Pod")],
  ["sidecar.istio.io/statsFlushInterval", on("Pod")],
  ["sidecar.istio.io/statsHistogramBuckets", on("Pod")],
  ["sidecar.istio.io/statsInclusionPrefixes", deprecated(on("Pod"))],
  ["sidecar.istio.io/statsInclusionRegexps", deprecated(on("Pod"))],
  ["sidecar.istio.io/statsInclusionSuffixes", deprecated(on("Pod"))],
  ["sidecar.istio.io/status", on("Pod")],
  ["sidecar.istio.io/userVolume", on("Pod")],
  ["sidecar.istio.io/userVolumeMount", on("Pod")],
  ["status.sidecar.istio.io/port", on("Pod")],
  ["topology.istio.io/controlPlaneClusters", on("Namespace")],
  ["traffic.istio.io/nodeSelector", stable(on("Service"))],
  ["traffic.sidecar.istio.io/excludeInboundPorts", on("Pod")],
  ["traffic.sidecar.istio.io/excludeInterfaces", on("Pod")],
  ["traffic.sidecar.istio.io/excludeOutboundIPRanges", on("Pod")],
  ["traffic.sidecar.istio.io/excludeOutboundPorts", on("Pod")],
  ["traffic.sidecar.istio.io/includeInboundPorts", on("Pod")],
  ["traffic.sidecar.istio.io/includeOutboundIPRanges", on("Pod")],
  ["traffic.sidecar.istio.io/includeOutboundPorts", on("Pod")],
  ["traffic.sidecar.istio.io/kubevirtInterfaces", deprecated(on("Pod"))],
]);

/** What Istio itself writes: on the pods that it injects, and on Gateways that it runs. */
export const SET_BY_ISTIO: ReadonlySet<string> = new Set([
  "gateway.istio.io/controller-version",
  "istio.io/rev",
  "sidecar.istio.io/status",
]);

/** The names of those that Istio knows. */
export const ANNOTATION_NAMES: readonly string[] = [...KNOWN.keys()];

/** What Istio says of an annotation; undefined for one that it does not know. */
export function knownAnnotation(name: string): KnownAnnotation | undefined {
  return KNOWN.get(name);
}

/** Whether the name of an annotation is one of those that are Istio's to give. */
export function isIstioAnnotation(name: string): boolean {
  return KNOWN.has(name) || (name.split("/", 1)[0] ?? "").endsWith("istio.io");
}
