/** The longest beginning of a description that a line of a list has room for. */
const LONGEST = 300;

/** The words of a Markdown text in one line, for lists. */
export function plain(markdown: string): string {
  return markdown
    .slice(0, LONGEST)
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/^\s{0,3}(?:#{1,6}|[-*+>]|\d+\.)\s+/gm, '')
    .replaceAll(/[*_`~]{1,3}([^*_`~\n]+)[*_`~]{1,3}/g, '$1')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
