/** The name of the message type that a type URL names: what is behind its last slash. See google.protobuf.Any. */
export const typeNameIn = (typeUrl: string): string => typeUrl.slice(typeUrl.lastIndexOf("/") + 1);
