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
 * Checks what the pinned version of Envoy would refuse in a resource, as far as the resource alone tells: the rules in Envoy's
 * descriptors, and those rules of its code that real configurations run into. The real Envoy was seen to refuse each of them.
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
