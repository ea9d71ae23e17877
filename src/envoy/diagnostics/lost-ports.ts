/** Ports that no connection of bytes leads to, as a user is told of them. */
import type { Diagnostic } from "../../base/diagnostic.js";
import { formatRef } from "../../config/resource.js";
import type { ConfigSnapshot } from "../../config/snapshot.js";
import { portPart } from "../../mesh/service/service.js";
import type { LostPort } from "../listener/lost-ports.js";
import { toldOnce } from "./told-once.js";

/** These ports as diagnostics, in order, each once for however many proxies it is so. */
export function lostPortDiagnostics(
  lost: readonly LostPort[],
  snapshot: Pick<ConfigSnapshot, "locate">,
): readonly Diagnostic[] {
  return toldOnce(lost.map((one) => diagnosticOf(one, snapshot)));
}

function diagnosticOf(
  { entry, before }: LostPort,
  { locate }: Pick<ConfigSnapshot, "locate">,
): Diagnostic {
  const { ref, path } = portPart(entry, entry.servicePort);
  const position = locate(ref, path);
  const port = String(entry.port);
  const message =
    `sidecars that capture nothing lead connections to port ${port} to ${before.host}, which has it too: ` +
    `give ${entry.host} another port, or call it through the HTTP proxy, by CONNECT`;
  return {
    severity: "warning",
    code: "shared-port",
    message,
    ...(position === undefined ? {} : { position }),
    resource: formatRef(entry.source),
  };
}
