/**
 * What a client refused for the sake of files is offered anew in other bytes.
 *
 * Envoy remembers of some types what it looked at last, also when it refused that, and takes the same again without a look. So
 * the files have another name every other time, which leads to them as well. See retries.ts.
 */
import type { EncodedResource } from "../../resource.js";
import { rulesOf } from "../../resource-type.js";
import type { Moment } from "../moment.js";
import { rejectionOf } from "../subscription/rejections.js";
import type { Draft } from "./draft.js";

/** A draft as it is sent. */
export function respelled(draft: Draft, { files }: Moment): Draft {
  const { payload, subscription, isResent } = draft;
  const { typeUrl, rejections } = subscription;
  const { recalls } = rulesOf(typeUrl);
  if (isResent !== true || (rejections.size === 0 && !recalls)) return draft;
  let isRetry = false;
  const sent = new Map<EncodedResource, EncodedResource>();
  for (const resource of payload.changed) {
    const rejection = rejectionOf(rejections, resource);
    isRetry ||= rejection?.isRetried === true;
    const isKnown = rejection === undefined ? recalls : rejection.isRespelled !== true;
    const bytes = isKnown ? files.respelled(typeUrl, resource.bytes) : resource.bytes;
    const isOther = !bytes.equals(resource.bytes);
    sent.set(resource, isOther ? { ...resource, bytes, isRespelled: true } : resource);
  }
  const inPlace = (all: readonly EncodedResource[]) => all.map((one) => sent.get(one) ?? one);
  const { resources, changed } = payload;
  const told = { ...payload, resources: inPlace(resources), changed: inPlace(changed) };
  return { subscription, payload: isRetry ? { ...told, isRetry } : told };
}
