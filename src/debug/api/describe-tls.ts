/** Decisions about TLS between workloads, as the debug API describes them. */
import type {
  ServerTlsJson,
  SourceJson,
  TlsPolicyJson,
} from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { formatSpiffeId } from "../../ca/spiffe-id.js";
import type { ConfigSnapshot } from "../../config/snapshot.js";
import type { Decision, ServerDecision, TlsDecision } from "../../mesh/security/tls-decisions.js";

type Locate = ConfigSnapshot["locate"];

/** What decisions are described by. */
interface TlsContext {
  readonly locate: Locate;
  readonly trustDomain: string;
}

function describeSource({ ref, path }: Decision, locate: Locate): SourceJson {
  const { kind, namespace, name } = ref;
  return { kind, namespace, name, ...locate(ref, path) };
}

function sourceOf(
  decision: Decision | undefined,
  locate: Locate,
): { readonly source?: SourceJson } {
  return decision === undefined ? {} : { source: describeSource(decision, locate) };
}

function describeServer(
  { workload, port, mode, decidedBy }: ServerDecision,
  { locate, trustDomain }: TlsContext,
): ServerTlsJson {
  const { name, namespace, address, meshTls, serviceAccount } = workload;
  return {
    // The addresses of an EndpointSlice or a ServiceEntry have no name.
    workload: name === "" ? "" : `${name}.${namespace}`,
    address,
    port,
    mode,
    hasSidecar: meshTls,
    identity:
      meshTls && serviceAccount !== ""
        ? formatSpiffeId({ trustDomain, namespace, serviceAccount })
        : "",
    ...sourceOf(decidedBy, locate),
  };
}

/** See the top of this file. */
export function describeTls(
  { service, port, subset, client, servers }: TlsDecision,
  context: TlsContext,
): TlsPolicyJson {
  return {
    host: service.hostname,
    port: port.number,
    subset,
    portName: port.name,
    protocol: port.protocol,
    client: { mode: client.mode, ...sourceOf(client.decidedBy, context.locate) },
    servers: servers.map((server) => describeServer(server, context)),
  };
}
