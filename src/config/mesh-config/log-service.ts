import { type ExtensionProvider, type ProviderOf, providerOf } from "./extension-provider.js";

/** A service that is told of requests or connections by gRPC, and how. */
export type LogService = ProviderOf<"envoyHttpAls" | "envoyTcpAls" | "envoyOtelAls">;

/** The service for logs that a provider is; undefined for providers of another kind. */
export function logServiceOf(provider: ExtensionProvider): LogService | undefined {
  return providerOf(provider, ["envoyHttpAls", "envoyTcpAls", "envoyOtelAls"]);
}
