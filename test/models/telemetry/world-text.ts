/** A world as YAML. */
import type { World } from "./objects.js";
import { PROVIDERS, STILL } from "./still-world.js";

/** The objects of a world, one document each, and the configuration of its mesh. */
export function worldText({ telemetries, meshConfig }: World): string {
  const objects = telemetries.map((one) => ({
    apiVersion: "telemetry.istio.io/v1",
    kind: "Telemetry",
    ...one,
  }));
  const mesh = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "istio", namespace: "istio-system" },
    data: { mesh: JSON.stringify({ ...meshConfig, extensionProviders: PROVIDERS }) },
  };
  return [...objects, ...STILL, mesh]
    .map((one) => JSON.stringify(one, undefined, 1))
    .join("\n---\n");
}
