/**
 * The floor of a measurement, below which no control plane can come: a gRPC server without any logic, which plays what a control
 * plane sent to the proxies of a fleet, as it was recorded.
 */
import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import { SERVER_LIMITS } from "../../src/xds/limits.js";
import { PROXY_HEADER } from "../fleet/connection.js";
import type { Recording } from "../fleet/recording.js";
import { EMPTY_STEP, type PlayedStep, planStep } from "./planned-step.js";
import { createStepPlayer, type StepPlayer } from "./step-player.js";

/** See the top of this file. */
export interface Playback {
  readonly port: number;
  /** Encodes what a step will send, which is not measured. */
  readonly prepare: (step: PlayedStep) => void;
  /** Begins the step that was prepared: on streams that are open, and on those that open from now on. */
  readonly begin: () => void;
}

type Stream = ServerDuplexStream<Buffer, Buffer>;

const same = (bytes: Buffer): Buffer => bytes;
const METHOD = {
  path: "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources",
  requestStream: true,
  responseStream: true,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
} as const;

/** Serves a recording on a free port of the loopback address. */
export async function startPlayback(recording: Recording): Promise<Playback> {
  const player = createStepPlayer();
  let prepared = EMPTY_STEP;
  const server = new Server({ "grpc.max_receive_message_length": SERVER_LIMITS.maxMessageBytes });
  server.addService(
    { DeltaAggregatedResources: METHOD },
    {
      DeltaAggregatedResources: (stream: Stream) => {
        serve(stream, player);
      },
    },
  );
  const port = await bind(server);
  return {
    port,
    prepare: (step) => {
      prepared = planStep(recording, step);
    },
    begin: () => {
      player.begin(prepared);
    },
  };
}

function serve(stream: Stream, player: StepPlayer): void {
  const proxy = Number(stream.metadata.get(PROXY_HEADER)[0]);
  player.opened(proxy, stream);
  stream.on("data", () => {
    player.requested(proxy, stream);
  });
  stream.on("end", () => {
    stream.end();
  });
  stream.on("error", () => undefined);
  stream.on("close", () => {
    player.closed(proxy, stream);
  });
}

const bind = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
