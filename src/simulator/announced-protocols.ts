/** What of a connection or a request decides by which names of protocols its server is called, and what it is to the server. */
import type { RouteJson } from "../envoy/api.js";
import type { Passed } from "./outcome.js";

/** Envoy's name for it among the state of filters. */
const PROTOCOLS = "envoy.network.application_protocols";

interface FilterStateValue {
  readonly objectKey?: string;
  readonly formatString?: { readonly textFormatSource?: { readonly inlineString?: string } };
}

/** Filters that set state: of connections, and for requests as a route says it. */
interface SetFilterState {
  readonly onNewConnection?: readonly FilterStateValue[];
  readonly onRequestHeaders?: readonly FilterStateValue[];
}

/** The names that filters say in place of those of the cluster; undefined where they say none. */
export function announcedProtocols({ chain, route }: Passed): readonly string[] | undefined {
  const configs = [
    ...(chain?.filters ?? []).map(({ typedConfig }) => typedConfig),
    ...Object.values(route?.typedPerFilterConfig ?? {}),
  ];
  const values = configs
    .filter((config) => config?.["@type"]?.endsWith(".set_filter_state.v3.Config") === true)
    .flatMap((config) => {
      const { onNewConnection = [], onRequestHeaders = [] } = config as SetFilterState;
      return [...onNewConnection, ...onRequestHeaders];
    });
  const said = values.find(({ objectKey }) => objectKey === PROTOCOLS);
  return said?.formatString?.textFormatSource?.inlineString?.split(",");
}

/** Whether a route ends a request for a tunnel at the proxy, so that the server is sent what goes through the tunnel. */
export function endsTunnel(route: RouteJson | undefined): boolean {
  return (route?.route?.upgradeConfigs ?? []).some(
    ({ upgradeType, connectConfig }) => upgradeType === "CONNECT" && connectConfig !== undefined,
  );
}
