import type { MeshConfig } from "./mesh-config.js";
import { lightstepTracer, type Tracer } from "./tracer.js";

/**
 * Who is told of spans where nobody names a provider: the `zipkin` of the mesh's `defaultConfig.tracing`, whose address a bootstrap of
 * Istio's has, `zipkin.istio-system:9411`, or its `lightstep`. Its service is the name in that, as pods resolve it
 * ({@link hostsMeant}). undefined without one, and where the mesh's `enableTracing` is off. See Istio, Tracing.Zipkin.
 */
export function ownTracer({ defaultConfig, enableTracing }: MeshConfig): Tracer | undefined {
  const { zipkin, lightstep } = defaultConfig.tracing ?? {};
  const { address = "" } = zipkin ?? lightstep ?? {};
  const [, service, number] = /^(.+):(\d+)$/.exec(address) ?? [];
  if (!enableTracing || service === undefined) return undefined;
  const called = { service, port: Number(number) };
  if (zipkin !== undefined || lightstep === undefined) return { kind: "zipkin", settings: called };
  return lightstepTracer({ ...called, accessToken: lightstep.accessToken });
}

/** The hosts that a name may mean to a pod, the likeliest first: those of Services are known by shorter names too. */
export const hostsMeant = (name: string): readonly string[] => [
  name,
  `${name}.svc.cluster.local`,
  `${name}.cluster.local`,
];
