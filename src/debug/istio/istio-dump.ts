/** A dump of a proxy's configuration in the form in which istiod gives it to istioctl. */
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { typeUrlOf } from "../../base/protobuf/type-url.js";
import type { DumpSection } from "../held/config-dump.js";

/** A section of a dump as istiod sends it: the type's name, and its JSON. */
export interface IstioSection {
  readonly name: string;
  readonly json: JsonObject;
}

/** The sections and their order are part of what istioctl expects; those of istiod that are empty are so here. */
const SECTIONS: readonly { readonly name: string; readonly filled: boolean }[] = [
  { name: "BootstrapConfigDump", filled: false },
  { name: "ClustersConfigDump", filled: true },
  { name: "ListenersConfigDump", filled: true },
  { name: "ScopedRoutesConfigDump", filled: false },
  { name: "RoutesConfigDump", filled: true },
  { name: "SecretsConfigDump", filled: false },
  { name: "EcdsConfigDump", filled: true },
];

/** Those that are composed for it. */
export const FILLED_SECTIONS: readonly { readonly name: string }[] = SECTIONS.filter(
  ({ filled }) => filled,
);

/** istiod does not judge single resources, and istioctl compares each whole entry with Envoy's, which has no judgement. */
function withoutJudgement(entries: JsonValue): JsonValue {
  if (!Array.isArray(entries)) return entries;
  return entries.map((entry) => {
    const { clientStatus: _status, errorState: _error, ...rest } = entry as JsonObject;
    return rest;
  });
}

/** The dump of a proxy in istiod's form, of the sections that are filled. */
export function istioDump(sections: readonly DumpSection[]): readonly IstioSection[] {
  return SECTIONS.map(({ name }) => {
    const typeName = `envoy.admin.v3.${name}`;
    const found = sections.find(({ "@type": type }) => type === typeUrlOf(typeName));
    if (found === undefined) return { name: typeName, json: {} };
    const members = Object.entries(found).filter(([key]) => key !== "@type");
    const json = Object.fromEntries(members.map(([key, value]) => [key, withoutJudgement(value)]));
    return { name: typeName, json };
  });
}
