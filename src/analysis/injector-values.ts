import { Flag, lenient, optional, Text, type ValueOf } from "../config/kinds/value/fields.js";
import { type Draft, draftOf } from "./draft.js";
import type { Resources } from "./resources.js";

/** What analysis needs of the values with which Istio's injector was installed. */
export type InjectorValues = ValueOf<typeof InjectorValues>;
const InjectorValues = lenient({
  global: optional(
    lenient({
      hub: optional(Text),
      tag: optional(Text),
      proxy: optional(lenient({ image: optional(Text) })),
    }),
  ),
  sidecarInjectorWebhook: optional(lenient({ enableNamespacesByDefault: optional(Flag) })),
});

const CONFIG_MAP = "istio-sidecar-injector";

/** The values of each injector, by the name of its ConfigMap; empty where they cannot be read. */
export function injectorValues(resources: Resources): ReadonlyMap<string, Draft<InjectorValues>> {
  const injectors = resources.all("ConfigMap").filter(({ name }) => name.startsWith(CONFIG_MAP));
  return new Map(
    injectors.map(({ name, spec }) => {
      const values = draftOf<InjectorValues>(InjectorValues, parse(spec.data?.["values"] ?? ""));
      return [name, values] as const;
    }),
  );
}

/** The name of the ConfigMap of the injector of a revision. */
export function injectorName(revision: string | undefined): string {
  const isDefault = revision === undefined || revision === "" || revision === "default";
  return isDefault ? CONFIG_MAP : `${CONFIG_MAP}-${revision}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
