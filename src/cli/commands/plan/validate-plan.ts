/** Asks a real Envoy whether it takes what a plan would have proxies be sent. */
import { compareDiagnostics, type Diagnostic } from "../../../base/diagnostic.js";
import type { ConfigSnapshot } from "../../../config/snapshot.js";
import { type ChangedResource, changedResources } from "../../../console/plan/changed-resources.js";
import type { Plan } from "../../../console/plan/plan.js";
import { blameFor, placeOf } from "../../../envoy/diagnostics/refusals.js";
import type { Encoder } from "../../../envoy/resource/encoder.js";
import type { ResourceSets } from "../../../envoy/resource/resource-set.js";
import type { TypedResource } from "../../../up/envoy/envoy-validation.js";

/** The state that a plan is about. */
export interface ValidatedState {
  readonly encoder: Pick<Encoder, "decode">;
  /** What a proxy would be sent, by its `NAME.NAMESPACE`; undefined when it is not known. */
  readonly heldAfter: (proxy: string) => ResourceSets | undefined;
  readonly snapshot: Pick<ConfigSnapshot, "tables" | "locate">;
}

/** Something that Envoy refuses, and its words. */
interface Refused {
  readonly changed: ChangedResource;
  readonly error: string;
}

/** Says what is refused of some resources, of which no two of a type have one name; see `refusalOf`. */
export type AskEnvoy = (resources: readonly TypedResource[]) => Promise<string | undefined>;

/** What an Envoy refuses, at the line that made it. */
export async function envoyFindings(
  ask: AskEnvoy,
  plan: Pick<Plan, "groups">,
  { encoder, heldAfter, snapshot }: ValidatedState,
): Promise<readonly Diagnostic[]> {
  const resources = changedResources(plan, heldAfter);
  const refused: Refused[] = [];
  for (const batch of batches(resources)) refused.push(...(await refusedOf(ask, batch, encoder)));
  return alike(refused)
    .map(
      ({ changed: { word, resource, proxy }, error, others }): Diagnostic => ({
        severity: "error",
        code: "refused-by-envoy",
        message: `Envoy refuses ${word} ${resource.name} of ${proxy}${others}: ${error}`,
        ...placeOf(blameFor(resource), snapshot),
      }),
    )
    .sort(compareDiagnostics);
}

/** What is refused in one form for some proxies, and in another for others, for the same reason, is told of once. */
function alike(refused: readonly Refused[]): readonly (Refused & { readonly others: string })[] {
  const groups = new Map<string, Refused[]>();
  for (const one of refused) {
    const { word, resource } = one.changed;
    const key = JSON.stringify([word, resource.name, one.error]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [{ ...first, others: others.length === 0 ? "" : " and of others" }],
  );
}

/** In none of them two resources of a type have one name. */
function batches(resources: readonly ChangedResource[]): readonly (readonly ChangedResource[])[] {
  const all: ChangedResource[][] = [];
  const counts = new Map<string, number>();
  for (const one of resources) {
    const key = `${one.word}/${one.resource.name}`;
    const earlier = counts.get(key) ?? 0;
    counts.set(key, earlier + 1);
    (all[earlier] ??= []).push(one);
  }
  return all;
}

/** Envoy tells of the first thing that it does not take; which it is, and which others, is found by halves. */
async function refusedOf(
  ask: AskEnvoy,
  resources: readonly ChangedResource[],
  encoder: Pick<Encoder, "decode">,
): Promise<readonly Refused[]> {
  const typed = resources.map(({ type, resource }) => ({
    type,
    json: encoder.decode(type, resource.bytes),
  }));
  const [first] = resources;
  const said = first === undefined ? undefined : await ask(typed);
  if (said === undefined || first === undefined) return [];
  if (resources.length === 1) return [{ changed: first, error: said }];
  const middle = Math.ceil(resources.length / 2);
  return [
    ...(await refusedOf(ask, resources.slice(0, middle), encoder)),
    ...(await refusedOf(ask, resources.slice(middle), encoder)),
  ];
}
