import type { ExtensionProvider } from "./extension-provider.js";

/** By kind, the providers that are told of requests by gRPC. */
type LogServiceProviders = Required<
  Pick<ExtensionProvider, "envoyHttpAls" | "envoyTcpAls" | "envoyOtelAls">
>;

/** A service that is told of requests or connections, and how. */
export type LogService = {
  readonly [Kind in keyof LogServiceProviders]: {
    readonly kind: Kind;
    readonly settings: LogServiceProviders[Kind];
  };
}[keyof LogServiceProviders];

/** The service for logs that a provider is; undefined for providers of another kind. */
export function logServiceOf(provider: ExtensionProvider): LogService | undefined {
  const { envoyHttpAls, envoyTcpAls, envoyOtelAls } = provider;
  if (envoyHttpAls !== undefined) return { kind: "envoyHttpAls", settings: envoyHttpAls };
  if (envoyTcpAls !== undefined) return { kind: "envoyTcpAls", settings: envoyTcpAls };
  return envoyOtelAls === undefined ? undefined : { kind: "envoyOtelAls", settings: envoyOtelAls };
}
