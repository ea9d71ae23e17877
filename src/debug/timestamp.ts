/** A time in milliseconds since 1970 in protobuf's JSON. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
