import { didYouMean } from "./closest-word.js";
import { KINDS, type Kind } from "./kinds.js";

/** What a word means beside the kind of that name: two groups have a Gateway. */
const ALSO: Readonly<Partial<Record<Kind, readonly Kind[]>>> = { Gateway: ["KubernetesGateway"] };

const plain = (word: string): string => word.toLowerCase().replaceAll("-", "");

/** The kinds that a word names, as istioctl reads it: case and dashes do not matter. None when there is no such kind. */
export function kindsNamed(word: string): readonly Kind[] {
  const kind = kinds().find((one) => plain(one) === plain(word));
  return kind === undefined ? [] : [kind, ...(ALSO[kind] ?? [])];
}

/** What to tell who named a kind that there is not. */
export function noSuchKind(word: string): string {
  return `there is no kind ${JSON.stringify(word)}${didYouMean(word, kinds())}`;
}

const kinds = (): readonly Kind[] => Object.keys(KINDS) as Kind[];
