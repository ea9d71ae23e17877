/**
 * Reads the plainest YAML, as nearly all resources are written: maps and lists by indentation, or within brackets on one line;
 * texts on one line. It costs a tenth of what the parser of all YAML does, which makes a list of events first.
 *
 * Nothing is decided here that the other might see differently: whatever is not plain, and all that is wrong, is not read.
 */
import { readPlainScalar } from "./scalars.js";

/** Line breaks and printable characters; no tabs, no carriage returns, and of other alphabets those that mean nothing to YAML. */
const PLAIN_TEXT = /^[\n\x20-\x7e\u00a1-\u1fff]*$/;
/** More of them within each other are left to the other parser, which knows when it is too many. */
const MAX_DEPTH = 40;
/** A longer name of a member is none. */
const MAX_KEY = 1000;

const CODE = {
  space: 0x20,
  quote: 0x22,
  hash: 0x23,
  apostrophe: 0x27,
  comma: 0x2c,
  dash: 0x2d,
  colon: 0x3a,
  listStart: 0x5b,
  backslash: 0x5c,
  listEnd: 0x5d,
  mapStart: 0x7b,
  mapEnd: 0x7d,
} as const;

/** What a text in neither quotes nor brackets does not begin with: these mean something to YAML there. */
const INDICATORS: ReadonlySet<number> = new Set(Array.from("?:,[]{}#&*!|>'\"%@`", codeOf));
/** What a text may begin with that is no text: numbers, booleans and null. */
const SCALAR_STARTS: ReadonlySet<number> = new Set(Array.from("~nNyYtTfFoO.+-0123456789", codeOf));
const BRACKETS: ReadonlySet<number> = new Set(Array.from(",[]{}", codeOf));

function codeOf(character: string): number {
  return character.charCodeAt(0);
}

/**
 * The value of the one document that a text is, with its members that are null; undefined of one that is not plain, or is not in
 * order.
 */
export function readPlainDocument(text: string): unknown {
  return PLAIN_TEXT.test(text) ? new PlainReader(text).document() : undefined;
}

type MutableMap = Record<string, unknown>;

/** Goes through a text line by line. What reads something returns undefined where it is not plain. */
class PlainReader {
  readonly #text: string;
  /** Where the next line begins. */
  #next = 0;
  /** Of the line that is read: how far it is indented, -1 behind the last one. */
  #indent = -1;
  /** Where what is in it begins, and where it ends but for spaces. */
  #start = 0;
  #end = 0;
  /** How far what is within brackets or quotes has been read. */
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): unknown {
    this.#advance();
    if (this.#end - this.#start === 3 && this.#isMarker()) this.#advance();
    if (this.#indent === -1 || this.#isEntry()) return undefined;
    // The other parser takes it for the mark of a beginning there, indented or not.
    if (this.#text.startsWith("---", this.#start)) return undefined;
    const value = this.#map(this.#indent);
    return this.#indent === -1 ? value : undefined;
  }

  /** Goes on to the next line that has more than a comment. */
  #advance(): void {
    const text = this.#text;
    while (this.#next < text.length) {
      const from = this.#next;
      const lineEnd = text.indexOf("\n", from);
      let end = lineEnd === -1 ? text.length : lineEnd;
      this.#next = end + 1;
      let start = from;
      while (start < end && text.charCodeAt(start) === CODE.space) start++;
      if (start === end || text.charCodeAt(start) === CODE.hash) continue;
      while (text.charCodeAt(end - 1) === CODE.space) end--;
      this.#indent = start - from;
      this.#start = start;
      this.#end = end;
      return;
    }
    this.#indent = -1;
  }

  /** Whether the line begins as one that begins or ends a document. */
  #isMarker(): boolean {
    if (this.#indent !== 0) return false;
    return this.#text.startsWith("---", this.#start) || this.#text.startsWith("...", this.#start);
  }

  /** Whether the line is an item of a list. */
  #isEntry(): boolean {
    return this.#text.charCodeAt(this.#start) === CODE.dash && this.#isSpace(this.#start + 1);
  }

  /** Whether there is a space, or nothing more in the line. */
  #isSpace(at: number): boolean {
    return at >= this.#end || this.#text.charCodeAt(at) === CODE.space;
  }

  #skipSpaces(from: number): number {
    let at = from;
    while (at < this.#end && this.#text.charCodeAt(at) === CODE.space) at++;
    return at;
  }

  /** What is in the lines that are indented as far as this one, or farther. */
  #block(): unknown {
    if (++this.#depth > MAX_DEPTH) return undefined;
    const value = this.#isEntry() ? this.#list(this.#indent) : this.#map(this.#indent);
    this.#depth -= 1;
    return value;
  }

  #map(indent: number): unknown {
    const map: MutableMap = {};
    while (this.#indent === indent && !this.#isEntry()) {
      const key = this.#memberName();
      if (key === undefined || Object.hasOwn(map, key)) return undefined;
      const value = this.#value(this.#at, indent, true);
      if (value === undefined) return undefined;
      map[key] = value;
    }
    // What is indented farther would go on with what is in front of it.
    return this.#indent > indent ? undefined : map;
  }

  #list(indent: number): unknown {
    const list: unknown[] = [];
    while (this.#indent === indent && this.#isEntry()) {
      const item = this.#item(indent);
      if (item === undefined) return undefined;
      list.push(item);
    }
    return this.#indent > indent ? undefined : list;
  }

  #item(indent: number): unknown {
    const from = this.#skipSpaces(this.#start + 1);
    if (from >= this.#end) return this.#value(from, indent, false);
    const before = this.#start;
    this.#start = from;
    this.#indent = indent + from - before;
    if (this.#isEntry()) return this.#block();
    // A map that begins behind the dash: its members are indented as far as that one.
    if (this.#memberName() !== undefined) return this.#block();
    return this.#value(from, indent, false);
  }

  /** The name of the member that the line begins with; then what is behind its colon comes next. */
  #memberName(): string | undefined {
    if (this.#isMarker()) return undefined;
    const text = this.#text;
    const code = text.charCodeAt(this.#start);
    const isQuoted = code === CODE.quote || code === CODE.apostrophe;
    if (isQuoted) {
      const name = this.#quoted(this.#start);
      if (name === undefined || text.charCodeAt(this.#at) !== CODE.colon) return undefined;
      if (!this.#isSpace(this.#at + 1) || this.#at - this.#start > MAX_KEY) return undefined;
      this.#at += 1;
      return nameOf(name);
    }
    if (!this.#isTextStart(this.#start)) return undefined;
    const colon = this.#plainEnd(this.#start);
    if (text.charCodeAt(colon) !== CODE.colon || colon >= this.#end) return undefined;
    if (text.charCodeAt(colon - 1) === CODE.space || colon - this.#start > MAX_KEY)
      return undefined;
    this.#at = colon + 1;
    return nameOf(scalarOf(text.slice(this.#start, colon)));
  }

  /** Whether a text in neither quotes nor brackets may begin here. */
  #isTextStart(at: number): boolean {
    const code = this.#text.charCodeAt(at);
    return !INDICATORS.has(code) && !(code === CODE.dash && this.#isSpace(at + 1));
  }

  /**
   * Where such a text ends: at the colon behind a name, a comment, or the end of the line; within brackets at a comma or
   * bracket too. What is behind that is not looked at: a line within brackets can be long, with thousands of texts.
   */
  #plainEnd(from: number, isInBrackets = false): number {
    const text = this.#text;
    for (let at = from; at < this.#end; at++) {
      const code = text.charCodeAt(at);
      if (isInBrackets && BRACKETS.has(code)) return at;
      if (code === CODE.colon && this.#isSpace(at + 1)) return at;
      if (code === CODE.hash && text.charCodeAt(at - 1) === CODE.space) return at;
    }
    return this.#end;
  }

  /** What a member or an item is: in its line, or below it. `isMember`: a list may be indented no farther than the name. */
  #value(from: number, indent: number, isMember: boolean): unknown {
    const start = this.#skipSpaces(from);
    if (start < this.#end && this.#text.charCodeAt(start) !== CODE.hash) {
      const value = this.#inLine(start);
      this.#advance();
      return value;
    }
    this.#advance();
    if (this.#indent > indent) return this.#block();
    return isMember && this.#indent === indent && this.#isEntry() ? this.#block() : null;
  }

  /** What is in the rest of the line, but for a comment. */
  #inLine(start: number): unknown {
    const code = this.#text.charCodeAt(start);
    if (code === CODE.quote || code === CODE.apostrophe) return this.#alone(this.#quoted(start));
    if (code === CODE.listStart || code === CODE.mapStart) return this.#alone(this.#flow(start));
    if (!this.#isTextStart(start)) return undefined;
    let end = this.#plainEnd(start);
    if (end < this.#end && this.#text.charCodeAt(end) === CODE.colon) return undefined;
    while (this.#text.charCodeAt(end - 1) === CODE.space) end--;
    return scalarOf(this.#text.slice(start, end));
  }

  /** A value that was read, if there is nothing behind it but a comment. */
  #alone(value: unknown): unknown {
    const at = this.#skipSpaces(this.#at);
    if (at >= this.#end) return value;
    return at > this.#at && this.#text.charCodeAt(at) === CODE.hash ? value : undefined;
  }

  #quoted(start: number): string | undefined {
    const text = this.#text;
    const quote = text.charCodeAt(start);
    const isDouble = quote === CODE.quote;
    for (let at = start + 1; at < this.#end; at++) {
      const code = text.charCodeAt(at);
      if (code === CODE.backslash && isDouble) return undefined;
      if (code !== quote) continue;
      // Two of them stand for one.
      if (!isDouble && text.charCodeAt(at + 1) === quote) return undefined;
      this.#at = at + 1;
      return text.slice(start + 1, at);
    }
    return undefined;
  }

  /** A list or map within brackets. */
  #flow(start: number): unknown {
    if (++this.#depth > MAX_DEPTH) return undefined;
    const isMap = this.#text.charCodeAt(start) === CODE.mapStart;
    this.#at = this.#skipSpaces(start + 1);
    const value = isMap ? this.#flowMap() : this.#flowList();
    this.#depth -= 1;
    return value;
  }

  #flowMap(): unknown {
    const map: MutableMap = {};
    if (this.#takes(CODE.mapEnd)) return map;
    for (;;) {
      const key = nameOf(this.#flowValue());
      const isNamed = this.#takes(CODE.colon) && this.#text.charCodeAt(this.#at) === CODE.space;
      if (key === undefined || !isNamed || Object.hasOwn(map, key)) return undefined;
      this.#at = this.#skipSpaces(this.#at);
      const value = this.#flowValue();
      if (value === undefined) return undefined;
      map[key] = value;
      if (this.#takes(CODE.mapEnd)) return map;
      if (!this.#takes(CODE.comma)) return undefined;
      this.#at = this.#skipSpaces(this.#at);
    }
  }

  #flowList(): unknown {
    const list: unknown[] = [];
    if (this.#takes(CODE.listEnd)) return list;
    for (;;) {
      const item = this.#flowValue();
      if (item === undefined) return undefined;
      list.push(item);
      if (this.#takes(CODE.listEnd)) return list;
      if (!this.#takes(CODE.comma)) return undefined;
      this.#at = this.#skipSpaces(this.#at);
    }
  }

  /** Goes on behind a character, if it is what comes next. */
  #takes(code: number): boolean {
    const isNext = this.#at < this.#end && this.#text.charCodeAt(this.#at) === code;
    if (isNext) this.#at += 1;
    return isNext;
  }

  /** A value within brackets, and the spaces behind it. */
  #flowValue(): unknown {
    const code = this.#at < this.#end ? this.#text.charCodeAt(this.#at) : CODE.comma;
    const value =
      code === CODE.quote || code === CODE.apostrophe
        ? this.#quoted(this.#at)
        : code === CODE.listStart || code === CODE.mapStart
          ? this.#flow(this.#at)
          : this.#flowText(this.#at);
    this.#at = this.#skipSpaces(this.#at);
    return value;
  }

  #flowText(start: number): unknown {
    if (!this.#isTextStart(start)) return undefined;
    const text = this.#text;
    let end = this.#plainEnd(start, true);
    this.#at = end;
    const isWhole = end > start && text.charCodeAt(end - 1) !== CODE.colon;
    while (text.charCodeAt(end - 1) === CODE.space) end--;
    // A dash alone is no text, and a name has its colon right behind it.
    const isText = isWhole && !(end - start === 1 && text.charCodeAt(start) === CODE.dash);
    const isApart = end < this.#at && text.charCodeAt(this.#at) === CODE.colon;
    return isText && !isApart ? scalarOf(text.slice(start, end)) : undefined;
  }
}

/** What a text without quotes says. */
function scalarOf(text: string): unknown {
  return SCALAR_STARTS.has(text.charCodeAt(0)) ? readPlainScalar(text) : text;
}

/** A value as the name of a member; undefined of what is none, or means more. */
function nameOf(value: unknown): string | undefined {
  if (typeof value !== "string") {
    return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
  }
  return value === "" || value === "__proto__" || value === "<<" ? undefined : value;
}
