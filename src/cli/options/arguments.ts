/** Values of options, read from text. Each throws commander's InvalidArgumentError, which names the option. */
import { isIP } from "node:net";
import { resolve } from "node:path";
import { InvalidArgumentError } from "commander";
import type { HostPort } from "../../base/text/host-port.js";
import { durationMs } from "../../config/duration.js";
import type { SocketAddress } from "../../envoy/bootstrap/bootstrap.js";
import type { NodeOptions } from "../../envoy/bootstrap/node.js";

/** A port, where 0 takes any that is free. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError("A port is 0 to 65535.");
  return port;
}

/** A positive length of time in Go's syntax (`24h`, `10m`), in milliseconds. */
export function parseTtl(text: string): number {
  const ms = durationMs(text);
  if (ms === undefined || ms <= 0) {
    throw new InvalidArgumentError(
      "A length of time is a number and a unit, such as 24h, 10m or 30s.",
    );
  }
  return ms;
}

/** One of some words, whatever its case, as it is in the list: for an option with `choices`, which take them only as they are. */
export function parseWordOf<Word extends string>(words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((one) => one.toLowerCase() === text.toLowerCase());
    if (word === undefined) {
      throw new InvalidArgumentError(`Allowed choices are ${words.join(", ")}.`);
    }
    return word;
  };
}

/** A positive whole number. */
export function parseCount(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("It is a whole number from 1.");
  return Number(text);
}

/** A number from 0 to 1. */
export function parseRatio(text: string): number {
  const ratio = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || ratio > 1) {
    throw new InvalidArgumentError("It is a number from 0 to 1, such as .99.");
  }
  return ratio;
}

/** `HOST:PORT`; an IPv6 address stands in brackets. */
export function parseHostPort(text: string): HostPort {
  const [, host, port] = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+):(\d+)$/.exec(text) ?? [];
  if (host === undefined || port === undefined) {
    throw new InvalidArgumentError("It is a host and a port, such as 127.0.0.1:15012.");
  }
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: parsePort(port) };
}

/** An IP address. */
export function parseIpAddress(text: string): string {
  if (isIP(text) === 0) throw new InvalidArgumentError("It is an IP address, such as 10.0.0.7.");
  return text;
}

/** An address of a DNS server, with port 53 when there is none. */
export function parseResolver(
  text: string,
  earlier: readonly SocketAddress[] | undefined,
): readonly SocketAddress[] {
  const bare = isIP(text) !== 0;
  const { host, port } = bare ? { host: text, port: 53 } : parseHostPort(text);
  return [...(earlier ?? []), { address: parseIpAddress(host), port }];
}

/** `region/zone/subzone`, of which the later parts may be missing. */
export function parseLocality(text: string): NonNullable<NodeOptions["locality"]> {
  const [region, zone, subZone, ...rest] = text.split("/");
  if (region === undefined || region === "" || rest.length > 0) {
    throw new InvalidArgumentError("It is REGION, REGION/ZONE or REGION/ZONE/SUBZONE.");
  }
  return {
    region,
    ...(zone === undefined ? {} : { zone }),
    ...(subZone === undefined ? {} : { subZone }),
  };
}

/** `key=value,key=value`. */
export function parseLabels(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(",").map((pair) => {
    const [, key, value] = /^([^=\s]+)=(.*)$/.exec(pair) ?? [];
    if (key === undefined || value === undefined) {
      throw new InvalidArgumentError(
        "Labels are key=value pairs joined by commas, such as app=a,version=v1.",
      );
    }
    return [key, value] as const;
  });
  return Object.fromEntries(pairs);
}

/** `NAME.NAMESPACE`; a name alone is in `default`. */
export function parseWorkload(text: string): { readonly name: string; readonly namespace: string } {
  const [, name, namespace = "default"] = /^([a-z0-9-]+)(?:\.([a-z0-9-]+))?$/.exec(text) ?? [];
  if (name === undefined) {
    throw new InvalidArgumentError("It is NAME.NAMESPACE, such as payments-v1-0.default.");
  }
  return { name, namespace };
}

/** `NAMESPACE/NAME`. */
export function parseServiceAccount(text: string): {
  readonly namespace: string;
  readonly serviceAccount: string;
} {
  const [, namespace, serviceAccount] = /^([a-z0-9-]+)\/([a-z0-9.-]+)$/.exec(text) ?? [];
  if (namespace === undefined || serviceAccount === undefined) {
    throw new InvalidArgumentError("It is NAMESPACE/NAME, such as default/payments.");
  }
  return { namespace, serviceAccount };
}

/** Adds a value to those of an option that may be given several times. */
export function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value];
}

/** The path of an option, if it is given, from the root. */
export function absolute(path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(path);
}

/** `true` or `false`, as Go's flags have it; an option without a value is `true`. */
export function parseFlag(text: string): boolean {
  if (text !== "true" && text !== "false") {
    throw new InvalidArgumentError("It is true or false.");
  }
  return text === "true";
}

/** Adds a `HOST:PORT` to those of an option that may be given several times. */
export function collectHostPort(
  value: string,
  earlier: readonly HostPort[] | undefined,
): readonly HostPort[] {
  return [...(earlier ?? []), parseHostPort(value)];
}

/** Adds a `NAMESPACE/NAME` to those of an option that may be given several times. */
export function collectServiceAccount(
  value: string,
  earlier: readonly ReturnType<typeof parseServiceAccount>[] | undefined,
): readonly ReturnType<typeof parseServiceAccount>[] {
  return [...(earlier ?? []), parseServiceAccount(value)];
}
