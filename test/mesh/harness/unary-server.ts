import { type handleUnaryCall, Server, ServerCredentials } from "@grpc/grpc-js";

/** What came with a message, by lower-case names. */
export type Headers = Readonly<Record<string, unknown>>;

/** A method of gRPC, where it is served, and what it answers to a message; both in bytes. */
export interface UnaryMethod {
  readonly address: string;
  readonly port: number;
  /** `/PACKAGE.SERVICE/METHOD`. */
  readonly path: string;
  readonly answer: (message: Buffer, headers: Headers) => Buffer;
}

/** Serves one method without TLS; the result ends that. */
export async function serveUnary({
  address,
  port,
  path,
  answer,
}: UnaryMethod): Promise<() => void> {
  const server = new Server();
  const bytes = (value: Buffer): Buffer => value;
  const method: handleUnaryCall<Buffer, Buffer> = ({ request, metadata }, respond) => {
    respond(null, answer(request, metadata.getMap()));
  };
  server.addService(
    {
      method: {
        path,
        requestStream: false,
        responseStream: false,
        requestDeserialize: bytes,
        requestSerialize: bytes,
        responseDeserialize: bytes,
        responseSerialize: bytes,
      },
    },
    { method },
  );
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`${address}:${String(port)}`, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
  return () => {
    server.forceShutdown();
  };
}
