/** How it is found out whether an application is healthy: the probe of its WorkloadGroup, and what became of it. */
import { probeAddress, type ReadinessProbe } from "../../config/kinds/networking/workload-group.js";
import type { ResourceOf } from "../../config/kinds.js";

/** What is known of an application's health: what its proxy, or the agent beside it, has said last. */
export interface Health {
  readonly healthy: boolean;
  /** Why it is not; empty when nothing was said. */
  readonly reason: string;
}

/** What a probe asks for: a page, a connection, or gRPC's health service. */
export type ProbeTarget =
  | {
      readonly kind: "http";
      readonly port: number;
      /** The IP address to ask; the workload's own when absent. */
      readonly address?: string;
      readonly encrypted: boolean;
      readonly path: string;
      /** The authority of the request; that of the address when absent. */
      readonly authority?: string;
      readonly headers: readonly { readonly name: string; readonly value: string }[];
    }
  | { readonly kind: "tcp"; readonly port: number; readonly address?: string }
  | { readonly kind: "grpc"; readonly port: number; readonly service: string };

/** When an application is asked, and what follows from the answers. */
export interface ProbeTiming {
  /** Before the first question, in seconds. */
  readonly delaySeconds: number;
  /** For an answer, in seconds. */
  readonly timeoutSeconds: number;
  /** Between two questions, in seconds. */
  readonly periodSeconds: number;
  /** How many successes in a row make an unhealthy application healthy. */
  readonly successThreshold: number;
  /** How many failures in a row make a healthy application unhealthy. */
  readonly failureThreshold: number;
}

/** How an Envoy finds out whether the application beside it is healthy. */
export interface HealthProbe extends ProbeTiming {
  readonly target: ProbeTarget;
}

/** How an agent does, by a program and its arguments. */
export interface CommandProbe extends ProbeTiming {
  readonly command: readonly string[];
}

/**
 * The probe of a WorkloadGroup; undefined when it has none that an Envoy can run. What is not said is as Istio's agent has
 * it (`fillInDefaults`).
 */
export function healthProbe({ spec }: ResourceOf<"WorkloadGroup">): HealthProbe | undefined {
  const { probe = {} } = spec;
  const target = targetOf(probe);
  return target && { target, ...timingOf(probe) };
}

/** The probe of a WorkloadGroup by a command; undefined when it has none. */
export function commandProbe({ spec }: ResourceOf<"WorkloadGroup">): CommandProbe | undefined {
  const { probe = {} } = spec;
  const { command = [] } = probe.exec ?? {};
  return command.length === 0 ? undefined : { command, ...timingOf(probe) };
}

const timingOf = (probe: ReadinessProbe): ProbeTiming => ({
  delaySeconds: probe.initialDelaySeconds ?? 0,
  timeoutSeconds: orDefault(probe.timeoutSeconds, 1),
  periodSeconds: orDefault(probe.periodSeconds, 10),
  successThreshold: orDefault(probe.successThreshold, 1),
  failureThreshold: orDefault(probe.failureThreshold, 1),
});

/** 0 is as if nothing were said. */
const orDefault = (value: number | undefined, otherwise: number): number =>
  value === undefined || value === 0 ? otherwise : value;

function targetOf({ httpGet, tcpSocket, grpc }: ReadinessProbe): ProbeTarget | undefined {
  if (httpGet !== undefined) return httpTarget(httpGet);
  if (tcpSocket !== undefined) {
    return { kind: "tcp", port: tcpSocket.port, ...addressOf(tcpSocket.host) };
  }
  const { port = 0, service = "" } = grpc ?? {};
  return port === 0 ? undefined : { kind: "grpc", port, service };
}

function httpTarget(get: NonNullable<ReadinessProbe["httpGet"]>): ProbeTarget {
  const { port, host = "", scheme = "", path = "", httpHeaders = [] } = get;
  const headers = httpHeaders.map(({ name = "", value = "" }) => ({ name, value }));
  const isHost = ({ name }: { readonly name: string }): boolean => name.toLowerCase() === "host";
  const authority = headers.find(isHost)?.value ?? "";
  return {
    kind: "http",
    port,
    encrypted: scheme.toLowerCase() === "https",
    path: path.startsWith("/") ? path : `/${path}`,
    headers: headers.filter((header) => !isHost(header)),
    ...addressOf(host),
    ...(authority === "" ? {} : { authority }),
  };
}

function addressOf(host = ""): { readonly address?: string } {
  const address = probeAddress(host);
  return address === undefined ? {} : { address };
}
