/** A stream of Envoy's health discovery service, for an agent that says itself how the application is. */
import type { CertificateServer } from "../ca/issue/certificate-client.js";
import { commandReport } from "../envoy/health-check.js";
import type { Encoder } from "../envoy/resource/encoder.js";
import { type AnswerListener, type ClientCall, GrpcClient } from "../grpc/client.js";
import type { Identity } from "./identity.js";
import type { ProbedHealth } from "./probe-application.js";

const STREAM = "/envoy.service.health.v3.HealthDiscoveryService/StreamHealthCheck";
const MESSAGE = "envoy.service.health.v3.HealthCheckRequestOrEndpointHealthResponse";

/** What the control plane may ask for is not read, and is little. */
const MAX_MESSAGE_BYTES = 256 * 1024;
/** A control plane that is gone without a word is missed within twice this, in milliseconds. */
const PING_MS = 5000;

/** What a stream is begun with. */
export interface HealthStreamTerms {
  readonly encoder: Pick<Encoder, "encode">;
  /** The node of the proxy. */
  readonly node: object;
  readonly server: CertificateServer;
  readonly identity: Identity;
}

/** Begins a stream by an identity, and says on it which proxy's it is. Its connection ends with it. */
export function beginHealthStream(
  { encoder, node, server, identity: { chain, privateKey } }: HealthStreamTerms,
  listener: AnswerListener,
): ClientCall {
  const { host, port, subjectAltName, roots } = server;
  const tls = { ca: roots, authority: subjectAltName, cert: chain, key: privateKey.reveal() };
  const keepAlive = { everyMs: PING_MS, timeoutMs: PING_MS - 1 };
  const client = new GrpcClient({ host, port, tls }, MAX_MESSAGE_BYTES, keepAlive);
  const call = client.begin(
    STREAM,
    {},
    {
      ...listener,
      onEnd: (refusal) => {
        client.close();
        listener.onEnd(refusal);
      },
    },
  );
  call.write(encoder.encode(MESSAGE, { healthCheckRequest: { node } }).bytes);
  return call;
}

const STATUS = { healthy: "HEALTHY", unhealthy: "UNHEALTHY", late: "TIMEOUT" } as const;

/** How the application is, as it is said on such a stream. */
export function healthMessage(encoder: Pick<Encoder, "encode">, { status }: ProbedHealth): Buffer {
  return encoder.encode(MESSAGE, commandReport(STATUS[status])).bytes;
}
