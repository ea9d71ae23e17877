import type { Registry } from "@bufbuild/protobuf";
import { CERTIFICATE_RULES } from "./certificate-rules.js";
import { CLUSTER_RULES } from "./cluster-rules.js";
import { ENDPOINT_RULES } from "./endpoint-rules.js";
import { HEADER_RULES } from "./header-rules.js";
import { LISTENER_RULES } from "./listener-rules.js";
import { createMessageCheck, type MessageCheck } from "./message-check.js";
import { ROUTE_RULES } from "./route-rules.js";
import { TEXT_RULES } from "./text-rules.js";

/**
 * What an Envoy of the pinned version would refuse of a resource, as far as the resource alone tells: the rules in its
 * descriptors, and those of its code that configurations run into. Each was seen to be refused by the real one.
 * @throws MissingOptionError when the registry is not that of Envoy's API; the check throws UnknownRuleError
 */
export function createResourceCheck(registry: Registry): MessageCheck {
  return createMessageCheck(registry, [
    ...TEXT_RULES,
    ...HEADER_RULES,
    ...ROUTE_RULES,
    ...CLUSTER_RULES,
    ...ENDPOINT_RULES,
    ...LISTENER_RULES,
    ...CERTIFICATE_RULES,
  ]);
}
