/** Changes of the configuration and what took how long. */
import type { PushJson } from "../../gen/types/fairlead/debug/v1/debug_pb.js";
import { columns } from "../base/text/columns.js";

const HEAD = [
  ...["AT", "TOTAL", "READ", "PARSE", "MESH", "SEND", "ENCODE", "ACK"],
  ...["PROXIES", "BYTES", "CHANGED"],
];

const ms = (value: number | string | undefined): string => `${Number(value ?? 0).toFixed(1)} ms`;

/** `VirtualService payments.default and 3 more`. */
function changedOf({ resources = [], changed = 0 }: PushJson): string {
  const [first = "nothing in force"] = resources;
  return changed > 1 ? `${first} and ${changed - 1} more` : first;
}

/** The pushes in their order. */
export function pushTable(pushes: readonly PushJson[]): readonly string[] {
  const rows = pushes.map((push) => {
    const { readMs, parseMs, meshMs, sendMs, encodeMs, ackMs } = push.stages ?? {};
    const stages = [push.totalMs, readMs, parseMs, meshMs, sendMs, encodeMs, ackMs].map(ms);
    const sent = [String(push.proxies ?? 0), String(push.bytes ?? 0)];
    return [push.at ?? "", ...stages, ...sent, changedOf(push)];
  });
  return columns([HEAD, ...rows]);
}
