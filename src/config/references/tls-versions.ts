import type { Finding, Path } from "../kind.js";
import type { ServerTLSSettings } from "../kinds/networking/server-tls-settings.js";
import type { ResourceOf } from "../kinds.js";
import type { TLSConfig } from "../mesh-config/mesh-config-schema.js";

/** A server whose minimum is above its maximum. */
const CODE = "no-tls-version";

/** The versions from the oldest on. */
const VERSIONS = ["TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"] as const;

/** The modes in which versions are the server's own and the mesh's `tlsDefaults`. */
const TERMINATING: ReadonlySet<string> = new Set(["SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"]);

interface PlacedTls {
  readonly tls: ServerTLSSettings | undefined;
  readonly path: Path;
}

/** The TLS of a Gateway's servers. */
export const serverTls = ({ spec }: ResourceOf<"Gateway">): readonly PlacedTls[] =>
  (spec.servers ?? []).map(({ tls }, i) => ({ tls, path: ["spec", "servers", i, "tls"] }));

/** The TLS of a Sidecar's ports. */
export const ingressTls = ({ spec }: ResourceOf<"Sidecar">): readonly PlacedTls[] =>
  (spec.ingress ?? []).map(({ tls }, i) => ({ tls, path: ["spec", "ingress", i, "tls"] }));

/**
 * A warning for each server that no version of TLS is left to: its maximum is below its minimum, or below that of the mesh's
 * `tlsDefaults`, which counts for servers that say none. `TLS_AUTO` is no limit.
 */
export function checkTlsVersions(
  servers: readonly PlacedTls[],
  defaults: TLSConfig | undefined,
): readonly Finding[] {
  return servers.flatMap(({ tls, path }) => {
    if (tls === undefined || !TERMINATING.has(tls.mode ?? "")) return [];
    const { minProtocolVersion: own, maxProtocolVersion: maximum } = tls;
    const minimum = rank(own) < 0 ? defaults?.minProtocolVersion : own;
    if (rank(maximum) < 0 || rank(minimum) <= rank(maximum)) return [];
    const [source, remedy] =
      minimum === own
        ? ["minProtocolVersion", "lower one or raise the other"]
        : [
            "the mesh configuration's tlsDefaults",
            "raise the maximum, or give the server a minProtocolVersion",
          ];
    const message =
      `no client can connect: maxProtocolVersion ${maximum ?? ""} is below ${minimum ?? ""}, ` +
      `the minimum by ${source}; ${remedy}`;
    return [{ path: [...path, "maxProtocolVersion"], code: CODE, message, severity: "warning" }];
  });
}

/** How new a version is; -1 of none in particular. */
const rank = (version: string | undefined): number => VERSIONS.findIndex((one) => one === version);
