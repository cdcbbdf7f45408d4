/** How a file can be shown beside others. */
export interface ShownFile {
  readonly path: string;
  readonly kind: 'image' | 'table' | 'text';
}

const ENDINGS: Readonly<Record<ShownFile['kind'], RegExp>> = {
  image: /\.(?:png|jpe?g|gif|webp|avif|bmp|svg)$/i,
  table: /\.(?:csv|tsv)$/i,
  text: /\.(?:txt|json|ya?ml|md|toml|log|ini|cfg|py)$|(?:^|\/)(?:MLmodel|requirements\.txt)$/i,
};

/** How a file is shown; null: not at all. */
export function shownAs(path: string): ShownFile | null {
  const kind = (['image', 'table', 'text'] as const).find((one) => ENDINGS[one].test(path));
  return kind === undefined ? null : { path, kind };
}

const MOST_ROWS = 100;

/** The first rows of a CSV or TSV text (RFC 4180). */
export function rowsOf(text: string, separator: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  for (let index = 0; index < text.length && rows.length < MOST_ROWS; index++) {
    const character = text[index] ?? '';
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[index + 1] === '"') cell += text[index++];
      else quoted = false;
    } else if (character === '"' && cell === '') quoted = true;
    else if (character === separator) {
      row.push(cell);
      cell = '';
    } else if (character === '\n') {
      rows.push([...row, cell.replace(/\r$/, '')]);
      row = [];
      cell = '';
    } else cell += character;
  }
  if ((cell !== '' || row.length > 0) && rows.length < MOST_ROWS) rows.push([...row, cell]);
  return rows;
}
