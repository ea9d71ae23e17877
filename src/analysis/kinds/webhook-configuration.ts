import { lenient, list, optional, Text, type ValueOf } from "../../config/kinds/value/fields.js";
import { LabelSelector } from "./label-selector.js";

/** A webhook, and what it is called for. */
export type Webhook = ValueOf<typeof Webhook>;
const Webhook = lenient({
  name: optional(Text),
  clientConfig: optional(
    lenient({
      url: optional(Text),
      service: optional(lenient({ namespace: optional(Text), name: optional(Text) })),
    }),
  ),
  namespaceSelector: optional(LabelSelector),
  objectSelector: optional(LabelSelector),
});

/** Kubernetes' MutatingWebhookConfiguration and ValidatingWebhookConfiguration. */
export const WebhookConfiguration = lenient({ webhooks: optional(list(Webhook)) });
