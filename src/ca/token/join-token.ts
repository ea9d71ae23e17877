/** The text of a join token: `fairlead-<id>-<secret>`, so that people and secret scanners know what they see. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { type Redacted, redact } from "../redacted.js";

/** A token as its bearer has it. */
export interface JoinTokenText {
  /** Public: it is the name of the token's file and stands in logs. */
  readonly id: string;
  /** 160 bits of chance. */
  readonly secret: Redacted<string>;
}

/** Matches a whole token; the same expression without `^` and `$` suits a secret scanner. */
const TOKEN = /^fairlead-([a-z2-7]{10})-([a-z2-7]{32})$/;
const ID = /^[a-z2-7]{10}$/;
const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
const ID_LENGTH = 10;
const SECRET_LENGTH = 32;

/** A new token. Nobody can guess the secret, so a plain hash of it is safe to keep. */
export function newJoinToken(): JoinTokenText {
  return { id: randomText(ID_LENGTH), secret: redact(randomText(SECRET_LENGTH)) };
}

/** The text that its bearer is given. */
export function formatJoinToken({ id, secret }: JoinTokenText): Redacted<string> {
  return redact(`fairlead-${id}-${secret.reveal()}`);
}

/** Reads a token; undefined for what is none. */
export function parseJoinToken(text: string): JoinTokenText | undefined {
  const match = TOKEN.exec(text);
  return match === null ? undefined : { id: match[1] ?? "", secret: redact(match[2] ?? "") };
}

/** Whether text is the public part of a token. */
export function isTokenId(text: string): boolean {
  return ID.test(text);
}

/** What is kept of a token: the SHA-256 of all of it, in hexadecimal digits. */
export function hashJoinToken(token: JoinTokenText): string {
  return createHash("sha256").update(formatJoinToken(token).reveal()).digest("hex");
}

/** Compares two hashes in a time that tells nothing about where they differ. */
export function sameHash(a: string, b: string): boolean {
  const left = Buffer.from(a, "hex");
  const right = Buffer.from(b, "hex");
  return left.length === right.length && timingSafeEqual(left, right);
}

/** 256 is a multiple of 32, so each character is as likely as any other. */
function randomText(length: number): string {
  return Array.from(randomBytes(length), (byte) => ALPHABET[byte % ALPHABET.length]).join("");
}
