import { groupBy } from "../base/group-by.js";
import { didYouMean } from "../base/text/closest-word.js";
import type { KindDefinition } from "./kind.js";
import { writtenName } from "./kind-lookup.js";
import { KINDS, type Kind } from "./kinds.js";

/** A kind as people call it. */
export interface KindWord {
  /** As files call it. */
  readonly name: string;
  readonly shortNames: readonly string[];
}

/**
 * The kinds that a word names, as istioctl and kubectl read it: `VirtualService`, `virtual-service`, `virtualservices`, `vs`, each
 * also with a group behind it, as in `gateways.networking.istio.io`. Case does not matter. Several where kinds of several groups
 * are called so; none when there is no such kind.
 */
export function kindsNamed(word: string): readonly Kind[] {
  const [, name = "", group] = /^([^.]*)(?:\.(.*))?$/.exec(word.toLowerCase()) ?? [];
  const plain = name.replaceAll("-", "");
  return kinds().filter(
    (kind) =>
      wordsFor(kind).includes(plain) && (group === undefined || groupsOf(kind).includes(group)),
  );
}

/** What to tell who named a kind that there is not. */
export function noSuchKind(word: string): string {
  return `there is no kind ${JSON.stringify(word)}${didYouMean(word, kinds())}`;
}

/** What the kinds are called, each once, sorted. */
export function kindWords(): readonly KindWord[] {
  return [...groupBy(kinds().map(definitionOf), writtenName)]
    .map(([name, definitions]) => ({
      name,
      shortNames: definitions.flatMap(({ shortNames = [] }) => shortNames),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

const kinds = (): readonly Kind[] => Object.keys(KINDS) as Kind[];

const definitionOf = (kind: Kind): KindDefinition<never> => KINDS[kind];

/** In small letters. */
function wordsFor(kind: Kind): readonly string[] {
  const definition = definitionOf(kind);
  const written = writtenName(definition).toLowerCase();
  return [kind.toLowerCase(), written, pluralOf(written), ...(definition.shortNames ?? [])];
}

/** As the kinds' definitions have it. */
function pluralOf(name: string): string {
  if (name === "endpoints") return name;
  if (name.endsWith("s")) return `${name}es`;
  return /[^aeiou]y$/.test(name) ? `${name.slice(0, -1)}ies` : `${name}s`;
}

/** The group alone, and each version of it. */
function groupsOf(kind: Kind): readonly string[] {
  const { group, versions } = definitionOf(kind);
  return [group, ...versions.map((version) => `${version}.${group}`)];
}
