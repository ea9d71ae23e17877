import { constructFromEvents, EVENT_ID, type Event, YAMLException } from "js-yaml";
import { errorMessage } from "../../base/error-message.js";
import { withoutNulls } from "../reading/nulls.js";
import { readEvents } from "./events.js";
import { findExpansionProblem } from "./expansion.js";
import { KUBERNETES_SCHEMA } from "./kubernetes-schema.js";
import { readPlainDocument } from "./plain-document.js";
import { syntaxProblem } from "./syntax-problem.js";

/** Why a section cannot be read, and where: `offset` is in UTF-16 code units from the section's start. */
export interface SectionError {
  readonly offset: number;
  readonly code: "alias-bomb" | "duplicate-key" | "invalid-yaml";
  readonly message: string;
}

/** What a section says: the values of its documents, or why they cannot be read. */
export type ParsedSection =
  | { readonly documents: readonly unknown[]; readonly error?: undefined }
  | { readonly error: SectionError };

/** Maps and lists within each other; a resource of Istio's has about ten. */
const MAX_DEPTH = 100;
/** `*name`s in one document. */
const MAX_ALIASES = 1000;

/**
 * Reads a section of a YAML or JSON file as Kubernetes' tools do. Never throws: what is no YAML, a key that is given
 * twice and aliases that stand for too much are errors. A section of comments has no documents, one of a bare `---` has
 * the document null. Members that are null are absent, unless `keepsNull`.
 */
export function parseSection(
  text: string,
  { keepsNull = false }: { readonly keepsNull?: boolean } = {},
): ParsedSection {
  const plain = readPlainDocument(text);
  const parsed = plain === undefined ? parseAny(text) : { documents: [plain] };
  if (keepsNull || parsed.error !== undefined) return parsed;
  return { documents: withoutNulls(parsed.documents) };
}

/** As `parseSection` with the members that are null, by the parser of all YAML. */
function parseAny(text: string): ParsedSection {
  try {
    const events = readEvents(text, { maxDepth: MAX_DEPTH });
    const documents = constructFromEvents(events, {
      source: text,
      schema: KUBERNETES_SCHEMA,
      maxAliases: MAX_ALIASES,
    });
    const problem = firstAlias(events) === undefined ? undefined : findExpansionProblem(documents);
    if (problem === undefined) return { documents };
    const offset = firstAlias(events)?.anchorStart ?? 0;
    return { error: { offset, code: "alias-bomb", message: problem } };
  } catch (error) {
    return { error: describeError(error, text) };
  }
}

function firstAlias(events: readonly Event[]): Extract<Event, { type: 5 }> | undefined {
  return events.find((event) => event.type === EVENT_ID.ALIAS);
}

/** A name of a member as it is written: in quotes, in front of a colon, or by itself. */
const WRITTEN_KEY = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|.*?(?=\s*:(?:\s|$))|[^\s,\]}]*)/;
/** Of a longer name no more is shown. */
const MAX_SHOWN = 100;

/** What is wrong, and where. js-yaml says of a text in quotes where the text begins: the place is that of the quote. */
function describeError(error: unknown, text: string): SectionError {
  if (!(error instanceof YAMLException)) {
    return unreadable(text, 0, errorMessage(error));
  }
  const offset = Math.min(error.mark?.position ?? 0, text.length);
  if (error.reason === "duplicated mapping key") {
    const start = /["']/.test(text.charAt(offset - 1)) ? offset - 1 : offset;
    const key = WRITTEN_KEY.exec(text.slice(start, start + MAX_SHOWN))?.[0] ?? "";
    const message = `the key ${key} is there twice in the same map; keep one of them`;
    return { offset: start, code: "duplicate-key", message };
  }
  if (error.reason.startsWith("aliases exceeded")) {
    const message = `more than ${String(MAX_ALIASES)} aliases (*name) in one document`;
    return { offset, code: "alias-bomb", message };
  }
  return unreadable(text, offset, error.reason);
}

function unreadable(text: string, at: number, why: string): SectionError {
  const { offset, reason } = syntaxProblem(text, at, why);
  return { offset, code: "invalid-yaml", message: `cannot be read as YAML: ${reason}` };
}
