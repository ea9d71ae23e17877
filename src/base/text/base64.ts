/**
 * The bytes of base64 of either alphabet, with or without padding, in one line or in several: what protobuf's JSON allows (its
 * "JSON Mapping"), and Go's decoder takes. Undefined of what is none; Node would leave out what it does not know.
 */
export function readBase64(text: string): Buffer | undefined {
  const digits = /^([\w+/-]*)={0,2}$/.exec(text.replace(/[\r\n]+/g, ""))?.[1];
  return digits === undefined || digits.length % 4 === 1
    ? undefined
    : Buffer.from(digits, "base64");
}
