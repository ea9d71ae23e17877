import type { Analyzer } from "../analyzer.js";

/** Telemetries that log to no provider where the mesh has no default one. */
export const telemetryProviderAnalyzer: Analyzer = {
  name: "telemetry.ProviderAnalyzer",
  description: "whether access logs of a Telemetry have a provider",
  *analyze({ resources, meshConfig }) {
    if ((meshConfig.defaultProviders.accessLogging ?? []).length > 0) return;
    for (const resource of resources.all("Telemetry")) {
      const logs = resource.spec.accessLogging ?? [];
      const index = logs.findIndex(
        ({ disabled, providers = [] }) => disabled !== true && providers.length === 0,
      );
      if (index < 0) continue;
      const message =
        "the access log has no provider, and the mesh configuration has no default one: give providers, or defaultProviders.accessLogging";
      yield { resource, code: "IST0157", path: ["spec", "accessLogging", index], message };
    }
  },
};
