import type {
  ListProxiesResponseJson,
  ProxyJson,
} from "../../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { readVersion } from "../../../app/package-files.js";
import { counted } from "../../../base/text/counted.js";
import { visibleLines } from "../../../base/text/visible-text.js";
import { COMPONENT } from "../../../debug/istio/control-plane-identifier.js";
import { ISTIO_VERSION } from "../../../envoy/bootstrap/node.js";
import { ENVOY_RELEASE } from "../../../up/envoy/envoy-binary.js";
import type { ConnectionOptions } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";
import { writeValue } from "../../output/write-output.js";

/** The options of `fairlead version`. */
export interface VersionOptions extends ConnectionOptions {
  readonly remote: boolean;
  readonly short: boolean;
  readonly output: "text" | "json" | "yaml";
}

/** What is installed here, and whom it works with. */
interface ClientVersion {
  readonly fairlead: string;
  readonly istioApi: string;
  readonly envoy: string;
}

/** Prints the versions. */
export async function runVersion(context: CommandContext, options: VersionOptions): Promise<void> {
  const client = {
    fairlead: await readVersion(),
    istioApi: ISTIO_VERSION,
    envoy: ENVOY_RELEASE,
  };
  const remote = options.remote ? await askRemote(context, options) : undefined;
  const { output, short } = options;
  if (output !== "text") {
    await writeValue(context, output, {
      clientVersion: clientVersion(client),
      ...remoteVersions(remote),
    });
    return;
  }
  const lines = [clientLine(client, short), ...remoteLines(remote, short)];
  context.stdout.write(visibleLines(lines));
}

/** One that nobody named need not be there. */
async function askRemote(
  context: CommandContext,
  options: VersionOptions,
): Promise<ListProxiesResponseJson | undefined> {
  const { askControlPlane, NoControlPlaneError } = await import("../../connection/connect.js");
  try {
    return await askControlPlane(context, options, (client) =>
      client.listProxies({ readMask: "id,type,envoyVersion,istioVersion" }),
    );
  } catch (error) {
    const isNamed = options.xdsAddress !== undefined || options.state !== undefined;
    if (error instanceof NoControlPlaneError && !isNamed) return undefined;
    throw error;
  }
}

const clientVersion = ({ fairlead, ...madeFor }: ClientVersion): object => ({
  version: fairlead,
  ...madeFor,
});

/** By istioctl's members, which are written so; nothing is told of what there is not, such as the version of Go. */
function remoteVersions(remote: ListProxiesResponseJson | undefined): object {
  if (remote === undefined) return {};
  const { controlPlane: { id, version, istioVersion, startedAt } = {}, proxies = [] } = remote;
  const info = { version, istioApi: istioVersion };
  return {
    meshVersion: [{ Component: COMPONENT, Info: info, ID: id, StartedAt: startedAt }],
    dataPlaneVersion: proxies.map((proxy) => ({
      ID: proxy.id,
      IstioVersion: proxy.istioVersion ?? "",
      Type: proxy.type === "router" ? "gateway" : proxy.type,
      EnvoyVersion: proxy.envoyVersion ?? "",
    })),
  };
}

const clientLine = ({ fairlead, istioApi, envoy }: ClientVersion, short: boolean): string =>
  `client version: ${fairlead}${short ? "" : ` (for the API of Istio ${istioApi} and Envoy ${envoy})`}`;

function remoteLines(
  remote: ListProxiesResponseJson | undefined,
  short: boolean,
): readonly string[] {
  if (remote === undefined) return [];
  const { controlPlane: { id = "", version = "" } = {}, proxies = [] } = remote;
  return [
    `control plane version: ${version}${short ? "" : ` (${id})`}`,
    `data plane version: ${proxies.length === 0 ? "none" : versionCounts(proxies)}`,
  ];
}

/** `Envoy 1.40.0 (8 proxies), Envoy 1.39.0 (1 proxy)`, the newest first. */
function versionCounts(proxies: readonly ProxyJson[]): string {
  const counts = new Map<string, number>();
  for (const { envoyVersion = "" } of proxies) {
    const version = envoyVersion === "" ? "of unknown version" : envoyVersion;
    counts.set(version, (counts.get(version) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a], [b]) => b.localeCompare(a, "en", { numeric: true }))
    .map(([version, count]) => `Envoy ${version} (${counted(count, "proxy")})`)
    .join(", ");
}
