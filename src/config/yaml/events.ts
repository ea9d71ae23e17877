import {
  COLLECTION_STYLE,
  EVENT_ID,
  type Event,
  parseEvents,
  SCALAR_STYLE,
  type ScalarEvent,
} from "js-yaml";

/**
 * The events of a YAML text as Kubernetes' tools see them: in a list within brackets a text can end with a colon (`[fe80::]`),
 * which in YAML 1.2 makes it the name of a member. Throws js-yaml's YAMLException.
 */
export function readEvents(source: string, limits: { readonly maxDepth?: number } = {}): Event[] {
  const events = parseEvents(source, limits);
  const read: Event[] = [];
  for (let at = 0; at < events.length; at++) {
    const text = textWithColon(source, events, at);
    const event = text ?? events[at];
    if (event !== undefined) read.push(event);
    // A map of one member: its name, nothing, and its end.
    if (text !== undefined) at += 3;
  }
  return read;
}

/** The text that a map of one name without a value is, when the colon behind that name has no space behind it. */
function textWithColon(
  source: string,
  events: readonly Event[],
  at: number,
): ScalarEvent | undefined {
  const [map, name, value] = events.slice(at, at + 3);
  const isPair =
    map?.type === EVENT_ID.MAPPING &&
    map.style === COLLECTION_STYLE.FLOW &&
    source[map.start] !== "{" &&
    isPlain(name) &&
    isPlain(value) &&
    value.valueStart === -1;
  if (!isPair) return undefined;
  const end = name.valueEnd + 1;
  return /^:[,\]}]/.test(source.slice(name.valueEnd, end + 1))
    ? { ...name, valueEnd: end }
    : undefined;
}

function isPlain(event: Event | undefined): event is ScalarEvent {
  return (
    event?.type === EVENT_ID.SCALAR &&
    event.style === SCALAR_STYLE.PLAIN &&
    event.tagStart === -1 &&
    event.anchorStart === -1
  );
}
