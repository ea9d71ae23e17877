/** How requests are traced. Telemetry.tracing, and ProxyConfig.tracing behind it. */
import { defined } from "../traffic-policy/cluster.js";
import { isOf } from "./applied.js";
import type { CustomTags, MeshConfig, Side, Telemetry, Teller, Tracing } from "./objects.js";
import { COLLECTORS, OWN_TRACER } from "./still-world.js";

export type TracingDescription = Readonly<Record<string, unknown>>;

/** Istio's PILOT_TRACE_SAMPLING. */
const DEFAULT_SAMPLING = 1;
const LENGTHS: Readonly<Record<string, number>> = { zip: 33 };

/** The last that says something of a field. */
const last = <T>(all: readonly (T | undefined)[]): T | undefined =>
  all.filter((one) => one !== undefined).at(-1);

function tagsOf(tags: CustomTags): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(tags).map(([name, { literal, header }]) => [
      name,
      literal?.value ?? `header ${header?.name ?? ""}`,
    ]),
  );
}

interface Spans {
  readonly provider: string | undefined;
  readonly said: readonly Tracing[];
  readonly hasIstioTags: boolean;
}

/** What the mesh has proxies do where nobody says otherwise. 0 is nothing said. */
function defaults({ defaultConfig: { tracing = {} } }: MeshConfig) {
  const { sampling = 0, maxPathTagLength = 0, customTags = {} } = tracing;
  return {
    sampling: sampling > 0 ? sampling : DEFAULT_SAMPLING,
    length: maxPathTagLength > 0 ? maxPathTagLength : undefined,
    customTags,
  };
}

const orElse = (tags: CustomTags | undefined, others: CustomTags): CustomTags =>
  tags === undefined || Object.keys(tags).length === 0 ? others : tags;

function spans({ provider, said, hasIstioTags }: Spans, mesh: MeshConfig, teller: Teller) {
  const host = provider === undefined ? OWN_TRACER.host : COLLECTORS[provider];
  const isOff = last(said.map((one) => one.disableSpanReporting)) === true;
  if (host === undefined || isOff) return undefined;
  const { sampling, length, customTags } = defaults(mesh);
  const isSilent = last(said.map((one) => one.disableContextPropagation)) === true;
  return defined({
    host,
    sampling: last(said.map((one) => one.randomSamplingPercentage)) ?? sampling,
    tags: tagsOf(orElse(last(said.map((one) => one.customTags)), customTags)),
    hasIstioTags,
    usesRequestId: last(said.map((one) => one.useRequestIdForTraceSampling)) ?? true,
    isSilent: isSilent ? true : undefined,
    maxPathTagLength: LENGTHS[provider ?? ""] ?? length,
    startsSpans: teller.type === "router" ? true : undefined,
  });
}

/**
 * "If a provider is not specified, the default tracing provider will be used": that of the mesh's configuration. As soon as
 * anything is said, on whatever side, the tracer of the bootstrap counts no longer.
 */
export function tracingOf(
  specs: readonly Telemetry["spec"][],
  side: Side,
  mesh: MeshConfig,
  teller: Teller,
): TracingDescription | undefined {
  const all = specs.flatMap(({ tracing = [] }) => tracing);
  const [byDefault] = mesh.defaultProviders.tracing ?? [];
  const own = mesh.defaultConfig.tracing;
  if (all.length === 0 && byDefault === undefined) {
    if (!mesh.enableTracing || own?.zipkin === undefined) return undefined;
    const hasIstioTags = own.enableIstioTags ?? true;
    return spans({ provider: undefined, said: [], hasIstioTags }, mesh, teller);
  }
  const said = all.filter(({ match }) => isOf(side, match?.mode));
  const provider = last(said.map(({ providers = [] }) => providers[0]?.name)) ?? byDefault;
  const hasIstioTags = last(said.map((one) => one.enableIstioTags)) ?? true;
  return provider === undefined ? undefined : spans({ provider, said, hasIstioTags }, mesh, teller);
}
