/** The conditions of a VirtualService's routes that its routes of HTTP, of TLS and of TCP have in common. */
import type { VirtualServiceSpec } from "../../config/kinds/networking/virtual-service/virtual-service.js";

/** What a match says of the caller, whatever the protocol. */
interface SourceMatch {
  readonly sourceLabels?: Readonly<Record<string, string>>;
  readonly sourceNamespace?: string;
}

/** The matches of all its routes. */
export function matchesOf({ http, tls, tcp }: VirtualServiceSpec): readonly SourceMatch[] {
  return [
    ...(http ?? []).flatMap((route) => route.match ?? []),
    ...(tls ?? []).flatMap((route) => route.match),
    ...(tcp ?? []).flatMap((route) => route.match ?? []),
  ];
}
