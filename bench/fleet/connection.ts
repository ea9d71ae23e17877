/** The gRPC connection of one proxy of a fleet, which carries bytes and reads none of them. */
import { Client, type ClientDuplexStream, credentials, Metadata } from "@grpc/grpc-js";

/** A discovery stream on a connection of its own, as each Envoy has one. */
export interface Connection {
  readonly send: (request: Buffer) => void;
  readonly close: () => void;
}

/** Who is told of what happens on a connection. */
export interface ConnectionEvents {
  readonly received: (message: Buffer) => void;
  /** It ended before it was closed from here. */
  readonly failed: (error: Error) => void;
}

const METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";

/** The header that says which proxy of the fleet it is, for a server that understands nothing else. */
export const PROXY_HEADER = "x-bench-proxy";

const OPTIONS = {
  "grpc.max_receive_message_length": -1,
  "grpc.use_local_subchannel_pool": 1,
  "grpc.enable_retries": 0,
  "grpc.service_config_disable_resolution": 1,
  "grpc-node.flow_control_window": 1024 * 1024,
} as const;

const same = (bytes: Buffer): Buffer => bytes;

/** Opens the stream of a proxy. */
export function openConnection(
  address: string,
  proxy: number,
  { received, failed }: ConnectionEvents,
): Connection {
  const client = new Client(address, credentials.createInsecure(), OPTIONS);
  const metadata = new Metadata({ waitForReady: true });
  metadata.set(PROXY_HEADER, String(proxy));
  const call: ClientDuplexStream<Buffer, Buffer> = client.makeBidiStreamRequest(
    METHOD,
    same,
    same,
    metadata,
  );
  let isClosed = false;
  call.on("data", received);
  call.on("error", (error: Error) => {
    if (!isClosed) failed(error);
  });
  return {
    send: (request) => {
      call.write(request);
    },
    close: () => {
      isClosed = true;
      call.cancel();
      client.close();
    },
  };
}
