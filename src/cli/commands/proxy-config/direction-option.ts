import { Option } from "commander";

/** `--direction`, of clusters. */
export function directionOption(description: string): Option {
  return new Option("--direction <direction>", description).choices(["inbound", "outbound"]);
}
