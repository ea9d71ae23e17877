/** How a call can end. See "Status codes and their use in gRPC". */
export const status = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** A number of these. */
export type StatusCode = (typeof status)[keyof typeof status];

const NAMES: ReadonlyMap<number, keyof typeof status> = new Map(
  (Object.keys(status) as (keyof typeof status)[]).map((name) => [status[name], name]),
);

/** The name of a code; UNKNOWN for a number that is none, as gRPC has it. */
export function statusName(code: number): keyof typeof status {
  return NAMES.get(code) ?? "UNKNOWN";
}
