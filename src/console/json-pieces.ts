/**
 * The JSON of a value, as `JSON.stringify` writes it, in pieces: objects and lists down to a depth member by member, what is
 * deeper as a whole.
 */
export function* jsonPieces(value: unknown, depth: number): Generator<string, void> {
  if (depth === 0 || typeof value !== "object" || value === null) {
    yield JSON.stringify(value);
  } else if (Array.isArray(value)) {
    yield* joined(
      "[",
      value.map((one: unknown) => jsonPieces(one, depth - 1)),
      "]",
    );
  } else {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    yield* joined(
      "{",
      members.map(([name, member]) => memberPieces(name, member, depth)),
      "}",
    );
  }
}

function* memberPieces(name: string, member: unknown, depth: number): Generator<string, void> {
  yield `${JSON.stringify(name)}:`;
  yield* jsonPieces(member, depth - 1);
}

function* joined(
  start: string,
  parts: readonly Iterable<string>[],
  end: string,
): Generator<string, void> {
  yield start;
  for (const [i, part] of parts.entries()) {
    if (i > 0) yield ",";
    yield* part;
  }
  yield end;
}
