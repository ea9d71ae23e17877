/** Whether a client and the workloads that it calls agree on TLS. */

/** A resource that decides something, and where it is written. */
export interface Source {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  /** Empty when it is not known. */
  readonly file?: string;
  readonly line?: number;
}

/** How one workload wants to be called. */
export interface ServerTls {
  /** `NAME.NAMESPACE`; empty when only its address is known. */
  readonly workload?: string;
  readonly address?: string;
  readonly port?: number;
  /** `STRICT`, `PERMISSIVE` or `DISABLE`. */
  readonly mode?: string;
  /** Absent when nobody decides and the default holds. */
  readonly source?: Source;
  readonly hasSidecar?: boolean;
  /** Its SPIFFE identity; empty when it has none. */
  readonly identity?: string;
}

/** How a client calls one port of a service, as the control plane tells it. */
export interface TlsPolicy {
  readonly host?: string;
  readonly port?: number;
  /** Absent for the whole service. */
  readonly subset?: string;
  /** `DISABLE`, `SIMPLE`, `MUTUAL` or `ISTIO_MUTUAL` as a rule says; `AUTO` or `PLAINTEXT` when none does. */
  readonly client?: { readonly mode?: string; readonly source?: Source };
  readonly servers?: readonly ServerTls[];
}

/** One port of a service, checked. */
export interface TlsCheck {
  readonly host: string;
  readonly port: number;
  /** Absent for the whole service. */
  readonly subset?: string;
  readonly status: "OK" | "CONFLICT";
  /** What is wrong, or what is spoken when nothing is. */
  readonly reason: string;
  /** What the policies say, and which say it. */
  readonly server: Side;
  readonly client: Side;
}

/** One side of a port. Several workloads may differ: then there are several values, the first one's first. */
export interface Side {
  /** As resources say it; nothing where none does. */
  readonly modes: readonly string[];
  /** What comes of it. */
  readonly effective: readonly string[];
  readonly sources: readonly Source[];
  /** What decides where no resource does. */
  readonly otherwise: string;
  /** The SPIFFE identities in its certificates. */
  readonly certificates: readonly string[];
}

/** How one workload is called, in fact. */
type Call = "ISTIO_MUTUAL" | "MUTUAL" | "SIMPLE" | "PLAINTEXT";

/** Without a sidecar nobody speaks mutual TLS, whatever the policy says. */
const effectiveServer = ({ mode = "PERMISSIVE", hasSidecar = false }: ServerTls): string =>
  hasSidecar ? mode : "DISABLE";

function effectiveCall(mode: string, server: ServerTls): Call {
  switch (mode) {
    case "ISTIO_MUTUAL":
    case "MUTUAL":
    case "SIMPLE":
      return mode;
    case "AUTO":
      return effectiveServer(server) === "DISABLE" ? "PLAINTEXT" : "ISTIO_MUTUAL";
    default:
      return "PLAINTEXT";
  }
}

const SPOKEN: Readonly<Record<Call, string>> = {
  ISTIO_MUTUAL: "mutual TLS",
  MUTUAL: "mutual TLS of the application",
  SIMPLE: "TLS of the application",
  PLAINTEXT: "plaintext",
};

/** Why a workload does not take a call; undefined when it does. See Istio, PeerAuthentication and ClientTLSSettings. */
function refusal(call: Call, server: ServerTls): string | undefined {
  const mode = effectiveServer(server);
  if (mode === "STRICT" && call !== "ISTIO_MUTUAL") {
    const how = call === "PLAINTEXT" ? "in plaintext" : `by ${SPOKEN[call]}`;
    return `the server takes the mesh's mutual TLS alone and is called ${how}`;
  }
  if (mode === "DISABLE" && call === "ISTIO_MUTUAL") {
    const why = server.hasSidecar === true ? "takes plaintext alone" : "has no sidecar";
    return `the server ${why} and is called by mutual TLS`;
  }
  return undefined;
}

/** Checks a port of a service; `clientIdentity` is the client's SPIFFE identity. */
export function checkTls(policy: TlsPolicy, clientIdentity: string): TlsCheck {
  const { host = "", port = 0, subset = "", client = {}, servers = [] } = policy;
  const { mode = "PLAINTEXT", source } = client;
  const calls = servers.map((server) => ({ server, call: effectiveCall(mode, server) }));
  const refusals = calls.flatMap(({ server, call }) => {
    const why = refusal(call, server);
    return why === undefined ? [] : [{ server, why }];
  });
  const spoken = distinct(calls.map(({ call }) => SPOKEN[call]));
  return {
    host,
    port,
    ...(subset === "" ? {} : { subset }),
    status: refusals.length > 0 ? "CONFLICT" : "OK",
    reason: refusals.length > 0 ? describeRefusals(refusals) : describeSpoken(spoken),
    client: {
      modes: mode === "AUTO" || mode === "PLAINTEXT" ? [] : [mode],
      effective: distinct(calls.map(({ call }) => (call === "PLAINTEXT" ? "DISABLE" : call))),
      sources: source === undefined ? [] : [source],
      otherwise: mode === "AUTO" ? "auto mutual TLS" : "no rule, no auto mutual TLS",
      certificates: distinct([clientIdentity]),
    },
    server: {
      modes: distinct(servers.map((server) => server.mode ?? "PERMISSIVE")),
      effective: distinct(servers.map(effectiveServer)),
      sources: distinctSources(servers),
      otherwise: "the default",
      certificates: distinct(servers.flatMap(({ identity }) => identity ?? [])),
    },
  };
}

const distinct = (values: readonly string[]): readonly string[] => [
  ...new Set(values.filter((value) => value !== "")),
];

function distinctSources(servers: readonly ServerTls[]): readonly Source[] {
  const sources = servers.flatMap(({ source }) => source ?? []);
  return [...new Map(sources.map((source) => [JSON.stringify(source), source])).values()];
}

const describeSpoken = (spoken: readonly string[]): string =>
  spoken.length === 0 ? "no workload of the mesh serves it" : spoken.join(" or ");

const MAX_NAMED = 3;

interface Refusal {
  readonly server: ServerTls;
  readonly why: string;
}

function describeRefusals(refusals: readonly Refusal[]): string {
  return distinct(refusals.map(({ why }) => why))
    .map((reason) => {
      const refusing = refusals.filter(({ why }) => why === reason);
      return `${reason}: ${someNames(refusing.map(({ server }) => nameOf(server)))}`;
    })
    .join("; ");
}

const nameOf = ({ workload = "", address = "" }: ServerTls): string =>
  workload === "" ? address : workload;

function someNames(names: readonly string[]): string {
  const more = names.length - MAX_NAMED;
  return names.slice(0, MAX_NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
