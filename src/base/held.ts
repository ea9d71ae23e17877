/** A function of texts whose results are one object for as long as somebody holds it, and are forgotten then. */
export function createHeld<R extends object>(compute: (text: string) => R): (text: string) => R {
  const held = new Map<string, WeakRef<R>>();
  const forgotten = new FinalizationRegistry<string>((text) => {
    // It may have been made anew since.
    if (held.get(text)?.deref() === undefined) held.delete(text);
  });
  return (text) => {
    const known = held.get(text)?.deref();
    if (known !== undefined) return known;
    const value = compute(text);
    held.set(text, new WeakRef(value));
    forgotten.register(value, text);
    return value;
  };
}
