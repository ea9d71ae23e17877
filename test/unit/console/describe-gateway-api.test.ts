import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Engine } from "../../../src/base/engine/engine.js";
import { Table } from "../../../src/base/table/table.js";
import { meshConfigOf } from "../../../src/config/mesh-config/mesh-config.js";
import { parseOffline } from "../../../src/config/parse-offline.js";
import { describeService } from "../../../src/console/describe/describe.js";
import { createMesh } from "../../../src/mesh/create-mesh.js";

test("a service is described with the Gateway and the HTTPRoute that are written for it", () => {
  const text = readFileSync("test/golden/console/gateway-api/mesh.yaml", "utf8");
  const snapshot = parseOffline([{ path: "mesh.yaml", text }]);
  const mesh = createMesh(new Engine())({
    snapshot,
    config: meshConfigOf(undefined),
    proxies: Table.empty(),
  });
  const subject = { mesh, snapshot, proxies: [], namespace: "default", ignoresUnmeshed: false };
  const lines = describeService(subject, { name: "shop", namespace: "default" }) ?? [];
  const lineOf = (what: string): number => text.slice(0, text.indexOf(what)).split("\n").length;
  expect(lines).toContain(
    `Exposed on Gateway: edge, port 80/HTTP for default/*.example.com (mesh.yaml:${lineOf("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway")})`,
  );
  const routes = lines.filter((line) => line.startsWith("HTTPRoute:"));
  const at = lineOf("apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute");
  // In the mesh, and at the Gateway.
  expect(routes).toEqual([
    `HTTPRoute: shop (mesh.yaml:${at})`,
    `HTTPRoute: shop (mesh.yaml:${at})`,
  ]);
});
