import { expect, test } from "vitest";
import { type KubernetesPort, kubernetesProtocol } from "../../../src/mesh/service/protocol.js";

test.each<[Partial<KubernetesPort>, string]>([
  [{ name: "http" }, "HTTP"],
  [{ name: "HTTP2-api" }, "HTTP2"],
  [{ name: "grpc-api" }, "GRPC"],
  [{ name: "grpc-web" }, "GRPC-Web"],
  [{ name: "gRPC-Web-api" }, "GRPC-Web"],
  [{ name: "grpcweb" }, "Unsupported"],
  [{ name: "web" }, "Unsupported"],
  [{}, "Unsupported"],
  [{ name: "http", transport: "UDP" }, "UDP"],
  [{ name: "http", appProtocol: "tcp" }, "TCP"],
  [{ name: "http", appProtocol: "other" }, "Unsupported"],
  [{ appProtocol: "https-admin" }, "HTTPS"],
  [{ appProtocol: "grpc-web-text" }, "GRPC-Web"],
  [{ appProtocol: "kubernetes.io/h2c" }, "HTTP2"],
  [{ appProtocol: "kubernetes.io/ws" }, "HTTP"],
  [{ appProtocol: "kubernetes.io/wss" }, "HTTPS"],
])("a port of a Service that says %j is for %s", (port, protocol) => {
  expect(kubernetesProtocol({ number: 8080, ...port })).toBe(protocol);
});

test.each([25, 53, 3306, 27017])("what port %d is for is not detected", (number) => {
  expect(kubernetesProtocol({ number })).toBe("TCP");
  expect(kubernetesProtocol({ number, appProtocol: "other" })).toBe("TCP");
  expect(kubernetesProtocol({ number, name: "http" })).toBe("HTTP");
});
