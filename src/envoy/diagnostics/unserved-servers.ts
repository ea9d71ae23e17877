/** Servers of Gateways that are not served, as a user is told of them. */
import type { Diagnostic } from "../../base/diagnostic.js";
import { formatRef } from "../../config/resource.js";
import type { ConfigSnapshot } from "../../config/snapshot.js";
import { serverPart } from "../../mesh/gateway/gateway.js";
import type { UnservedServer } from "../../mesh/gateway/shared-ports.js";
import { toldOnce } from "./told-once.js";

/** Servers that are not served as diagnostics, in order, each once however many proxies leave it out. */
export function unservedDiagnostics(
  unserved: readonly UnservedServer[],
  snapshot: Pick<ConfigSnapshot, "locate">,
): readonly Diagnostic[] {
  return toldOnce(unserved.map((server) => diagnosticOf(server, snapshot)));
}

function diagnosticOf(
  { one, before, host }: UnservedServer,
  { locate }: Pick<ConfigSnapshot, "locate">,
): Diagnostic {
  const { ref, path } = serverPart(one);
  const position = locate(ref, path);
  const place = `port ${String(one.listenPort)} of ${one.address}`;
  const owner = formatRef(serverPart(before).ref);
  const why =
    host === undefined
      ? `${owner} has ${place} before it, for ${before.server.port.protocol}: give it a port of its own`
      : `${owner} serves TLS for ${JSON.stringify(host)} at ${place} before it`;
  return {
    severity: "warning",
    code: "not-applied",
    message: `the server is not served: ${why}`,
    ...(position === undefined ? {} : { position }),
    resource: formatRef(ref),
  };
}
