/** What can be called: Services, and the hosts of ServiceEntries. */
import { type Declared, type Labels, selects, type World } from "./objects.js";

/** See the top of this file. */
export interface Callable {
  readonly kind: "Service" | "ServiceEntry";
  readonly metadata: Declared<unknown>["metadata"];
  readonly host: string;
  readonly ports: readonly { readonly name: string; readonly number: number }[];
  readonly selector: Labels;
}

/** All that can be called in a world: of a ServiceEntry one for each of its hosts. */
export function callablesOf({ services, serviceEntries }: World): readonly Callable[] {
  return [
    ...services.map(
      ({ metadata, spec }): Callable => ({
        kind: "Service",
        metadata,
        host: `${metadata.name}.${metadata.namespace}.svc.cluster.local`,
        ports: spec.ports.map(({ name, port }) => ({ name, number: port })),
        selector: spec.selector,
      }),
    ),
    ...serviceEntries.flatMap(({ metadata, spec }) =>
      spec.hosts.map(
        (host): Callable => ({
          kind: "ServiceEntry",
          metadata,
          host,
          ports: spec.ports,
          selector: spec.workloadSelector.labels,
        }),
      ),
    ),
  ];
}

/** The names of those who answer its calls, `name.namespace`. */
export const answerersOf = (
  { workloads }: World,
  { metadata: { namespace }, selector }: Callable,
): readonly string[] =>
  workloads
    .filter((one) => one.namespace === namespace && selects(selector, one.labels))
    .map((one) => `${one.name}.${one.namespace}`);
