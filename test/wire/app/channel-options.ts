import type { ClientOptions } from "@grpc/grpc-js";

/** Of clients that connect to 127.0.0.1, over TLS or not: TLS has no word for asking by an address. */
export const CHANNEL_OPTIONS: ClientOptions = { "grpc.ssl_target_name_override": "localhost" };
