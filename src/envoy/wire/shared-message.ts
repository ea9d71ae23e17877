/**
 * Messages that stand in many resources, such as the filters of a policy in the listeners of all its workloads: the bytes of each are
 * made once, and it is checked once. Only those that are packed into an Any are looked for, which are the large ones.
 */
import type { Message } from "@bufbuild/protobuf";

/** What an encoder made of one. */
interface SharedEncoding {
  /** All of the Any. */
  readonly bytes: Uint8Array;
  readonly message: Message;
}

/** What was made of one, by who made it: another encoder may have other descriptors. */
export interface SharedEncodings {
  readonly get: (encoder: object) => SharedEncoding | undefined;
  readonly set: (encoder: object, encoding: SharedEncoding) => void;
}

const encodingsOf = new WeakMap<object, SharedEncodings>();
/** The messages that came of shared JSON, and whether it is known that nothing in them would be refused. */
const isGood = new WeakMap<Message, boolean>();

/** Says that an Any as JSON stands in many resources. Nobody may change it from then on. Returns it. */
export function shared<T extends object>(json: T): T {
  if (!encodingsOf.has(json)) encodingsOf.set(json, createEncodings());
  return json;
}

/** A filter or logger whose settings stand in many resources. Returns it. */
export function sharedConfig<T extends { readonly typedConfig?: object }>(named: T): T {
  if (named.typedConfig !== undefined) shared(named.typedConfig);
  return named;
}

function createEncodings(): SharedEncodings {
  const encodings = new WeakMap<object, SharedEncoding>();
  return {
    get: (encoder) => encodings.get(encoder),
    set: (encoder, encoding) => {
      encodings.set(encoder, encoding);
      isGood.set(encoding.message, false);
    },
  };
}

/** What was made of JSON that is shared; undefined of other. */
export const sharedEncodings = (json: object): SharedEncodings | undefined => encodingsOf.get(json);

/** Has a message checked by `check`, which says whether it is good; not again if it is shared and was. */
export function checkOnce(message: Message, check: () => boolean): void {
  const known = isGood.get(message);
  if (known === true) return;
  const found = check();
  if (known !== undefined) isGood.set(message, found);
}
