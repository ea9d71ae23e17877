/** `authn tls-check`. */
import type { Side, Source, TlsCheck } from "./tls-check.js";

type Rows = readonly (readonly string[])[];

const NARROW = ["HOST:PORT", "STATUS", "SERVER", "CLIENT", "AUTHN POLICY", "DESTINATION RULE"];

const WIDE = [
  ...NARROW,
  "SERVER IN FACT",
  "CLIENT IN FACT",
  "SERVER DECIDED BY",
  "CLIENT DECIDED BY",
  "SERVER CERTIFICATE",
  "CLIENT CERTIFICATE",
  "REASON",
];

/** The table of `istioctl authn tls-check`, which Istio had until 1.4, as rows of cells; the first is the heading. */
export function tlsCheckTable(checks: readonly TlsCheck[]): Rows {
  return [NARROW, ...checks.map(narrowRow)];
}

/** The same with what comes of the modes, what decides them and where, which certificates are shown, and why. */
export function wideTlsCheckTable(checks: readonly TlsCheck[]): Rows {
  return [WIDE, ...checks.map(wideRow)];
}

function narrowRow(check: TlsCheck): readonly string[] {
  const { host, port, subset, status, server, client } = check;
  return [
    subset === undefined ? `${host}:${port}` : `${host}:${port} (${subset})`,
    status,
    cell(server.modes),
    cell(client.modes),
    cell(server.sources.map(nameOf)),
    cell(client.sources.map(nameOf)),
  ];
}

function wideRow(check: TlsCheck): readonly string[] {
  const { server, client, reason } = check;
  return [
    ...narrowRow(check),
    cell(server.effective),
    cell(client.effective),
    decidedBy(server),
    decidedBy(client),
    cell(server.certificates),
    cell(client.certificates),
    reason,
  ];
}

const cell = (values: readonly string[]): string => (values.length === 0 ? "-" : values.join(","));

const nameOf = ({ namespace = "", name = "" }: Source): string => `${namespace}/${name}`;

/** The resources that decide, each with its place. */
function decidedBy({ sources, effective, otherwise }: Side): string {
  if (sources.length === 0) return effective.length === 0 ? "-" : otherwise;
  return sources
    .map((source) => `${source.kind ?? ""} ${nameOf(source)}${placeOf(source)}`)
    .join(", ");
}

const placeOf = ({ file = "", line = 0 }: Source): string =>
  file === "" ? "" : ` (${file}:${line})`;
