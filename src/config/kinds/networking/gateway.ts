import type { KindDefinition, Path } from "../../kind.js";
import type { ConfigResource } from "../../resource.js";
import { checkedByIstio } from "../istio-resource.js";
import { ipProblem, UNIX_PREFIX, unixAddressProblem } from "../value/addresses.js";
import { isDnsLabel } from "../value/dns-names.js";
import { list, optional, strict, Text, TextMap, Uint32, type ValueOf } from "../value/fields.js";
import {
  doubtful,
  each,
  type Findings,
  given,
  invalid,
  refuse,
  tolerate,
  unique,
} from "../value/findings.js";
import { checkGatewayHost } from "../value/host-patterns.js";
import { checkSelectorLabels } from "../value/labels.js";
import { checkPort } from "../value/numbers.js";
import { isHttpProtocol, isTlsProtocol, protocolProblem } from "../value/protocols.js";
import { checkServerTls, ServerTLSSettings } from "./server-tls-settings.js";

/** The port that a server listens on. */
export type GatewayPort = ValueOf<typeof GatewayPort>;
const GatewayPort = strict({
  /** 0 or absent for a Unix domain socket. */
  number: optional(Uint32),
  protocol: Text,
  name: Text,
  /** Deprecated; Istio ignores it. */
  targetPort: optional(Uint32),
});

/** One port of a gateway with the hosts that it serves. */
export type Server = ValueOf<typeof Server>;
export const Server = strict({
  port: GatewayPort,
  /** An IP address or `unix://` and a path; all addresses when absent. */
  bind: optional(Text),
  /** `host` or `namespace/host`: which VirtualServices' hosts are served. */
  hosts: list(Text),
  tls: optional(ServerTLSSettings),
  defaultEndpoint: optional(Text),
  name: optional(Text),
});

/** The port of a server; 0 on a Unix domain socket. */
export const serverPort = ({ port: { number = 0 } }: Pick<Server, "port">): number => number;

/** What a gateway workload listens for. */
export type GatewaySpec = ValueOf<typeof GatewaySpec>;
export const GatewaySpec = strict({
  servers: optional(list(Server)),
  selector: optional(TextMap),
});

/** Istio's Gateway. */
export const gateway = {
  kind: "Gateway",
  group: "networking.istio.io",
  versions: ["v1", "v1beta1", "v1alpha3"],
  shortNames: ["gw"],
  body: "spec",
  schema: GatewaySpec,
  check: checkedByIstio(checkGateway),
} as const satisfies KindDefinition<GatewaySpec>;

function* checkGateway({ spec, metadata }: ConfigResource<GatewaySpec>): Findings {
  const { servers = [], selector } = spec;
  // The name becomes a part of the names of routes, where a dot separates.
  if (!isDnsLabel(metadata.name)) {
    yield invalid(
      ["metadata", "name"],
      `"${metadata.name}" is no name of a Gateway: it has no dots`,
    );
  }
  yield* tolerate(given(selector, ["spec", "selector"], checkSelectorLabels));
  if (servers.length === 0) yield invalid(["spec", "servers"], "the Gateway has no servers");
  yield* each(servers, ["spec", "servers"], checkServer);
  const names = servers.map(({ port }) => port.name);
  yield* unique(names, (index) => ["spec", "servers", index, "port", "name"], "name of a port");
}

function* checkServer(server: Server, path: Path): Findings {
  const { port, bind = "", hosts, tls } = server;
  if (hosts.length === 0) yield invalid([...path, "hosts"], 'the server has no hosts: "*" is all');
  yield* each(hosts, [...path, "hosts"], checkGatewayHost);
  const onSocket = bind.startsWith(UNIX_PREFIX);
  if (onSocket) yield* refuse([...path, "bind"], unixAddressProblem(bind));
  else if (bind !== "") yield* refuse([...path, "bind"], ipProblem(bind));
  yield* checkServerPort(port, [...path, "port"], onSocket);
  yield* given(tls, [...path, "tls"], checkServerTls);
  yield* checkProtocolTls(server, path);
}

function* checkServerPort(port: GatewayPort, path: Path, onSocket: boolean): Findings {
  const { number = 0 } = port;
  if (!onSocket) yield* checkPort(number, [...path, "number"]);
  else if (number !== 0) {
    yield invalid([...path, "number"], "a server on a Unix domain socket has port 0");
  }
  yield* refuse([...path, "protocol"], protocolProblem(port.protocol));
  if (port.name === "") yield invalid([...path, "name"], "the port needs a name");
  if ((port.targetPort ?? 0) !== 0) {
    yield invalid([...path, "targetPort"], "targetPort has no effect in a Gateway");
  }
}

/** TLS settings where the protocol is TLS, and only there; plain HTTP can be redirected to HTTPS. */
function* checkProtocolTls({ port, tls }: Server, path: Path): Findings {
  if (protocolProblem(port.protocol) !== undefined) return;
  if (isTlsProtocol(port.protocol)) {
    if (tls === undefined) yield invalid([...path, "tls"], `${port.protocol} needs tls settings`);
    else if (tls.httpsRedirect === true) {
      yield doubtful([...path, "tls", "httpsRedirect"], "httpsRedirect is for plain HTTP");
    }
    return;
  }
  if (tls === undefined) return;
  const {
    mode = "PASSTHROUGH",
    serverCertificate = "",
    privateKey = "",
    caCertificates = "",
  } = tls;
  const redirects =
    (mode === "PASSTHROUGH" || mode === "AUTO_PASSTHROUGH") &&
    serverCertificate + privateKey + caCertificates === "";
  if (!isHttpProtocol(port.protocol) || !redirects) {
    yield invalid([...path, "tls"], `${port.protocol} has no tls settings: write HTTPS or TLS`);
  }
}
