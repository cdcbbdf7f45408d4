// What stands in an address after the question mark comes from anywhere: each page says what it takes of it, and the rest
// is left out. Values that are the usual ones are left out, too, so that addresses stay short.

/** The parameters as the router has read them. */
export type Given = Readonly<Record<string, unknown>>;

/** A text, or nothing; longer ones are cut. */
export function text(value: unknown, longest = 1_000): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value !== '' ? value.slice(0, longest) : undefined;
}

/** One of several words, or nothing. */
export function oneOf<const Word extends string>(value: unknown, words: readonly Word[]): Word | undefined {
  return words.find((word) => word === value);
}

/** Texts, or nothing; a single one counts as a list. */
export function texts(value: unknown, most = 100): string[] | undefined {
  const list = (Array.isArray(value) ? value : [value]).map((one) => text(one)).filter((one) => one !== undefined);
  return list.length > 0 ? list.slice(0, most) : undefined;
}

/** A whole number of at least `least`, or nothing. */
export function whole(value: unknown, least = 0): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least ? value : undefined;
}

/** True, or nothing. */
export function flag(value: unknown): true | undefined {
  return value === true || value === 1 || value === 'true' ? true : undefined;
}

/** What stands in an address; a part that is undefined is left out of it. */
export type Present<Search extends object> = { [Key in keyof Search]?: NonNullable<Search[Key]> | undefined };

/**
 * What is there. The rest is undefined and not left out: the router lays this over all that stood in the address, and what
 * a page does not take must not come through.
 */
export function present<Search extends object>(search: Search): Present<Search> {
  return search as Present<Search>;
}
