/** A DNS server that knows a few names, asked by UDP. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { AUTHORITATIVE_ANSWER, decode, encode, type Packet } from "dns-packet";
import type { SocketAddress } from "../../../src/envoy/bootstrap/bootstrap.js";

/** See the top of this file. */
export interface DnsServer {
  /** The names that it was asked for, each time that it was. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

const NAME_UNKNOWN = 3;
const TTL_SECONDS = 1;

function answer(question: Packet, addresses: Readonly<Record<string, string>>): Packet {
  const asked = question.questions ?? [];
  const known = asked.filter(({ name }) => name in addresses);
  return {
    type: "response",
    id: question.id ?? 0,
    flags: AUTHORITATIVE_ANSWER | (known.length === 0 ? NAME_UNKNOWN : 0),
    questions: asked,
    answers: known
      .filter(({ type }) => type === "A")
      .map(({ name }) => ({ type: "A", name, ttl: TTL_SECONDS, data: addresses[name] ?? "" })),
  };
}

/** Starts a DNS server at an address that answers with these IPv4 addresses by name; other names do not exist. */
export async function startDnsServer(
  at: SocketAddress,
  addresses: Readonly<Record<string, string>>,
): Promise<DnsServer> {
  const asked: string[] = [];
  const socket = createSocket("udp4");
  socket.on("message", (message, client) => {
    const question = decode(message);
    asked.push(...(question.questions ?? []).map(({ name }) => name));
    socket.send(encode(answer(question, addresses)), client.port, client.address);
  });
  socket.bind({ address: at.address, port: at.port });
  await once(socket, "listening");
  return {
    asked,
    close: () =>
      new Promise((resolve) => {
        socket.close(resolve);
      }),
  };
}
