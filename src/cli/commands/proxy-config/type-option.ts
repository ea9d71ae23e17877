import { Option } from "commander";
import type { ListenerType } from "../../../console/proxy-config/listener-table.js";
import { parseWordOf } from "../../options/arguments.js";

const TYPES: readonly ListenerType[] = ["HTTP", "TCP", "HTTP+TCP", "UNKNOWN"];

/** `--type`, of listeners. */
export function typeOption(description: string): Option {
  return new Option("--type <type>", description).choices(TYPES).argParser(parseWordOf(TYPES));
}
