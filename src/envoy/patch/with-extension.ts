import type { AnyJson } from "@bufbuild/protobuf/wkt";
import type { PatchContext } from "./patch-message.js";

/** A filter of any kind, which may say that its configuration is found elsewhere. */
interface Filter {
  readonly name?: string;
  readonly typedConfig?: AnyJson;
  readonly configDiscovery?: object;
}

/** A filter that finds its configuration by ECDS, with the configuration that an EnvoyFilter has for that name put in: then Envoy has to ask for nothing. */
export function withExtension<T extends Filter>(filter: T, { patches }: PatchContext): T {
  if (filter.configDiscovery === undefined) return filter;
  const extension = patches.EXTENSION_CONFIG.find(
    ({ operation, value }) => operation === "ADD" && value["name"] === filter.name,
  );
  if (extension === undefined) return filter;
  const { configDiscovery: _, ...rest } = filter;
  return { ...rest, typedConfig: extension.value["typedConfig"] as AnyJson } as T;
}
