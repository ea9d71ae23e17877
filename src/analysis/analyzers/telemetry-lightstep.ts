import type { Path } from "../../config/kind.js";
import type { Analyzer } from "../analyzer.js";
import type { AnalyzedOf } from "../resources.js";

/** Telemetries that trace with the provider that Istio has given up. */
export const telemetryLightstepAnalyzer: Analyzer = {
  name: "telemetry.LightstepAnalyzer",
  description: "whether a Telemetry still traces with a lightstep provider",
  *analyze({ resources, meshConfig }) {
    const names = new Set(
      meshConfig.extensionProviders
        .filter(({ lightstep }) => lightstep !== undefined)
        .map(({ name }) => name),
    );
    for (const resource of resources.all("Telemetry")) {
      const used = providersOf(resource).filter(({ name }) => names.has(name));
      // One report for each provider, at its first use.
      for (const { name, path } of new Map(
        used.toReversed().map((one) => [one.name, one]),
      ).values()) {
        const message = `provider "${name}" is of lightstep, which is deprecated: make it an opentelemetry provider`;
        yield { resource, code: "IST0002", path, message };
      }
    }
  },
};

function providersOf({
  spec,
}: AnalyzedOf<"Telemetry">): readonly { readonly name: string; readonly path: Path }[] {
  return (spec.tracing ?? []).flatMap(({ providers = [] }, i) =>
    providers.map(({ name = "" }, j) => {
      return { name, path: ["spec", "tracing", i, "providers", j, "name"] };
    }),
  );
}
