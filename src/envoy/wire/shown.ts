/** A value as an error shows it. */
export function shown(json: unknown): string {
  return json === undefined ? "nothing" : JSON.stringify(json);
}
