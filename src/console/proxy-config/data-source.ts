import type { DataSourceJson } from "../../envoy/api.js";

/** The text of an Envoy's data source, of which it does not tell those that are private. */
export function textOfDataSource({ inlineString, inlineBytes }: DataSourceJson = {}): string {
  return inlineString ?? Buffer.from(inlineBytes ?? "", "base64").toString("utf8");
}
