/** What the settings of a single proxy say of its spans, where no Telemetry says it. See Istio, ProxyConfig.tracing. */
import { type CustomTag, checkCustomTag } from "../kinds/telemetry/telemetry.js";
import type { ProxyConfigFields, TracingSettings } from "./mesh-config-schema.js";

/** Those that count; undefined when there are none. What is 0 or empty says nothing; a tag that an Envoy would refuse is left out. */
export function tracingSettings({
  sampling = 0,
  customTags = {},
  maxPathTagLength = 0,
}: NonNullable<ProxyConfigFields["tracing"]> = {}): TracingSettings | undefined {
  const tags = Object.entries(customTags).filter(isUsable);
  const settings: TracingSettings = {
    ...(sampling === 0 ? {} : { sampling }),
    ...(tags.length === 0 ? {} : { customTags: Object.fromEntries(tags) }),
    ...(maxPathTagLength === 0 ? {} : { maxPathTagLength }),
  };
  return Object.keys(settings).length === 0 ? undefined : settings;
}

const isUsable = ([name, tag]: readonly [string, CustomTag]): boolean =>
  [...checkCustomTag(tag, [], name)].every(({ severity }) => severity === "warning");
