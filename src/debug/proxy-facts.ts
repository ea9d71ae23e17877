/** Reads what an Envoy says of its version and of its admin interface. */
import { isIP } from "node:net";
import type { Node } from "../../gen/types/envoy/config/core/v3/base_pb.js";

/** What a proxy says of its Envoy when it connects. */
export interface ProxyFacts {
  /** `1.40.0`; empty when it does not say. */
  readonly envoyVersion: string;
  /** `IP:PORT` of the admin interface; empty when it does not say. */
  readonly adminAddress: string;
}

/** Of the version that an Envoy was built as. */
function versionOf({ userAgentVersionType }: Node): string {
  switch (userAgentVersionType.case) {
    case "userAgentBuildVersion": {
      const {
        majorNumber = 0,
        minorNumber = 0,
        patch = 0,
      } = userAgentVersionType.value.version ?? {};
      return `${majorNumber}.${minorNumber}.${patch}`;
    }
    case "userAgentVersion":
      return userAgentVersionType.value.slice(0, 64);
    case undefined:
      return "";
  }
}

/** The port stands in Istio's metadata; the interface is on the loopback address, of several proxies on each one's own. */
function adminAddressOf({ metadata }: Node, address: string): string {
  const config = metadata?.["PROXY_CONFIG"];
  const port =
    typeof config === "object" && config !== null && "proxyAdminPort" in config
      ? config["proxyAdminPort"]
      : undefined;
  if (typeof port !== "number" || !Number.isInteger(port) || port < 1 || port > 65_535) return "";
  const host = isIP(address) === 4 && address.startsWith("127.") ? address : "127.0.0.1";
  return `${host}:${port}`;
}

/** Reads what a node says of its Envoy; `address` is the proxy's. */
export function proxyFacts(node: Node, address: string): ProxyFacts {
  return { envoyVersion: versionOf(node), adminAddress: adminAddressOf(node, address) };
}
