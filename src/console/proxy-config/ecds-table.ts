import { compareText } from "../../base/text/compare-text.js";
import type { EcdsConfigDumpJson } from "../api.js";

interface Extension {
  readonly name?: string;
  readonly typedConfig?: { readonly "@type"?: string };
}

/** The table of extensions that came by themselves (ECDS), as rows of cells; the first is the heading. */
export function ecdsTable({
  ecdsFilters = [],
}: EcdsConfigDumpJson): readonly (readonly string[])[] {
  const rows = ecdsFilters
    .map(({ ecdsFilter }) => ecdsFilter as Extension | undefined)
    .map((extension) => [
      extension?.name ?? "",
      (extension?.typedConfig?.["@type"] ?? "").replace("type.googleapis.com/", ""),
    ])
    .sort(([nameA = "", typeA = ""], [nameB = "", typeB = ""]) =>
      typeA === typeB ? compareText(nameA, nameB) : compareText(typeA, typeB),
    );
  return [["ECDS NAME", "TYPE"], ...rows];
}
