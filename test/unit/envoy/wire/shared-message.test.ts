/** Messages that stand in many resources: made and checked once, with the bytes and findings of those that are not. */
import { describe, expect, test } from "vitest";
import { any } from "../../../../src/envoy/any.js";
import { MESSAGE } from "../../../../src/envoy/resource/message-types.js";
import { createMessageEncoder } from "../../../../src/envoy/wire/message-encoder.js";
import { shared } from "../../../../src/envoy/wire/shared-message.js";
import { goldenEncoder } from "../../golden/golden-case.js";

const encoder = goldenEncoder();
const { registry } = encoder;

const proxyTo = (cluster: string): object =>
  any("envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", { statPrefix: "p", cluster });

/** A listener with these filters, each in a chain of its own. */
const listenerOf = (name: string, ...typedConfigs: readonly object[]): object => ({
  name,
  filterChains: typedConfigs.map((typedConfig, port) => ({
    filterChainMatch: { destinationPort: port + 1 },
    filters: [{ name: "envoy.filters.network.tcp_proxy", typedConfig }],
  })),
});

describe("a shared message", () => {
  test("has the same bytes as one that is not shared, wherever it stands", () => {
    const one = shared(proxyTo("orders"));
    for (const [name, others] of [
      ["first", []],
      ["second", [proxyTo("payments"), one]],
    ] as const) {
      const { bytes } = encoder.encode(MESSAGE.listener, listenerOf(name, one, ...others));
      const alone = JSON.parse(JSON.stringify(listenerOf(name, one, ...others))) as object;
      expect(bytes.toString("hex")).toBe(
        encoder.encode(MESSAGE.listener, alone).bytes.toString("hex"),
      );
    }
  });

  test("is read once by each encoder", () => {
    let reads = 0;
    const one = shared({
      ...proxyTo("orders"),
      get statPrefix() {
        reads += 1;
        return "p";
      },
    });
    const schema = registry.getMessage(MESSAGE.listener);
    if (schema === undefined) throw new Error("no listeners");
    for (const encode of [createMessageEncoder(registry), createMessageEncoder(registry)]) {
      encode(schema, listenerOf("first", one, one));
      encode(schema, listenerOf("second", one));
    }
    expect(reads).toBe(2);
  });

  test("is told of wherever it stands when Envoy would refuse something in it", () => {
    const bad = shared(any("envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", {}));
    const pathsIn = (name: string): readonly string[] =>
      (encoder.encode(MESSAGE.listener, listenerOf(name, bad, bad)).violations ?? []).map(
        ({ path }) => path,
      );
    const paths = pathsIn("first");
    expect(paths.some((path) => path.startsWith("filter_chains[0]"))).toBe(true);
    expect(paths.some((path) => path.startsWith("filter_chains[1]"))).toBe(true);
    expect(pathsIn("second")).toEqual(paths);
  });
});
