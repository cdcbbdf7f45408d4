import type { TagInput, TagPatch } from '../../api/operations';

/** A tag as it is typed. */
export interface TagDraft {
  readonly key: string;
  readonly value: string;
}

/** What a form for a model holds. */
export interface ModelDraft {
  readonly name: string;
  readonly description: string;
  readonly tags: readonly TagDraft[];
}

/** All tags that were typed; lines without a key are none. */
export function tagsToSet(tags: readonly TagDraft[]): TagInput[] {
  return tags.filter(({ key }) => key.trim() !== '').map(({ key, value }) => ({ key: key.trim(), value }));
}

/** The changes that make `before` into `after`; a value of null takes a tag away. */
export function tagsToPatch(before: readonly TagDraft[], after: readonly TagDraft[]): TagPatch[] {
  const wanted = new Map(tagsToSet(after).map(({ key, value }) => [key, value]));
  const had = new Map(before.map(({ key, value }) => [key, value]));
  const gone = [...had.keys()].filter((key) => !wanted.has(key)).map((key) => ({ key, value: null }));
  const set = [...wanted].filter(([key, value]) => had.get(key) !== value).map(([key, value]) => ({ key, value }));
  return [...gone, ...set];
}
