/** What Google and Envoy put in front of the name of a message type to have a type URL. */
const PREFIX = "type.googleapis.com/";

/** The type URL of a message type. See google.protobuf.Any. */
export const typeUrlOf = (typeName: string): string => `${PREFIX}${typeName}`;

/** The name of the message type that a type URL names: what is behind its last slash. See google.protobuf.Any. */
export const typeNameIn = (typeUrl: string): string => typeUrl.slice(typeUrl.lastIndexOf("/") + 1);
