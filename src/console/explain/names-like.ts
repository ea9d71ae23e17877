import { closestWord } from "../../base/text/closest-word.js";

/** No more are named, so that they can be read. */
const MOST = 5;

/** Which of some names are probably meant by one that is none of them: those that it is a part of, else the one that differs least. */
export function namesLike(name: string, names: readonly string[]): readonly string[] {
  const distinct = [...new Set(names)];
  const part = name.toLowerCase();
  const within = distinct.filter((one) => one.toLowerCase().includes(part));
  if (part !== "" && within.length > 0) return within.sort().slice(0, MOST);
  const closest = closestWord(name, distinct);
  return closest === undefined ? [] : [closest];
}
