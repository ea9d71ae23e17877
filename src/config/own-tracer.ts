import type { MeshConfig } from "./mesh-config.js";
import type { Tracer } from "./tracer.js";

/**
 * Who is told of spans where nobody names a provider: the mesh's `defaultConfig.tracing.zipkin`, whose address a bootstrap of
 * Istio's has, `zipkin.istio-system:9411`. Its service is the name in that, as pods resolve it ({@link hostsMeant}). undefined
 * without one, and where the mesh's `enableTracing` is off. See Istio, Tracing.Zipkin.
 */
export function ownTracer({ defaultConfig, enableTracing }: MeshConfig): Tracer | undefined {
  const { address = "" } = defaultConfig.tracing?.zipkin ?? {};
  const [, service, port] = /^(.+):(\d+)$/.exec(address) ?? [];
  if (!enableTracing || service === undefined) return undefined;
  return { kind: "zipkin", settings: { service, port: Number(port) } };
}

/** The hosts that a name may mean to a pod, the likeliest first: those of Services are known by shorter names too. */
export const hostsMeant = (name: string): readonly string[] => [
  name,
  `${name}.svc.cluster.local`,
  `${name}.cluster.local`,
];
