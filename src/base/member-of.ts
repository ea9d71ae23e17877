/**
 * The member of a map that was read, or of a table, by a name that somebody else gave; undefined when there is none. To
 * index an object also finds what all objects have: a port may be called `constructor`.
 */
export function memberOf<Value>(
  map: Readonly<Record<string, Value>> | undefined,
  name: string,
): Value | undefined {
  return map !== undefined && Object.hasOwn(map, name) ? map[name] : undefined;
}
