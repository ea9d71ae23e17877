/** Servers and streams that end with the test. */
import { afterEach } from "vitest";
import type { DeltaDiscoveryRequestJson } from "../../../gen/types/envoy/service/discovery/v3/discovery_pb.js";
import type { AdsServerOptions } from "../../../src/xds/ads-server.js";
import * as client from "./discovery-client.js";
import { serveView, type TestServer, type ViewSketch } from "./view-server.js";

export { listed, said } from "./discovery-client.js";
export { resource } from "./view-server.js";

const stops: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

function closing<T extends { close(): void }>(opened: T): T {
  stops.push(() => {
    opened.close();
  });
  return opened;
}

/** Starts a server that serves one view to everybody. */
export async function startServer(
  sketch: ViewSketch,
  options: Partial<AdsServerOptions> = {},
): Promise<TestServer> {
  return closing(await serveView(sketch, options));
}

/** Opens a stream of differences. */
export function openDelta(...target: Parameters<typeof client.openDelta>): client.DeltaStream {
  return closing(client.openDelta(...target));
}

/** Opens a state-of-the-world stream. */
export function openSotw(...target: Parameters<typeof client.openSotw>): client.SotwStream {
  return closing(client.openSotw(...target));
}

/** Opens a stream of differences, sends one request, and never reads what comes. */
export function openDeaf(address: string, request: DeltaDiscoveryRequestJson): void {
  stops.push(client.openDeaf(address, request));
}
