import { isRecord, type Json } from './details';

/** What a cell gave; `image` is a `data:` address. */
export type Output =
  | { readonly kind: 'text' | 'error' | 'html' | 'markdown'; readonly text: string }
  | { readonly kind: 'image'; readonly address: string };

/** A cell of a notebook. */
export interface Cell {
  readonly kind: 'code' | 'markdown' | 'raw';
  readonly source: string;
  /** The number of its last execution. */
  readonly count: number | null;
  readonly outputs: readonly Output[];
}

const PICTURES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];

/** The cells of a notebook (nbformat 4); null: it is none. */
export function cellsOf(text: string): readonly Cell[] | null {
  let notebook: Json;
  try {
    notebook = JSON.parse(text) as Json;
  } catch {
    return null;
  }
  const cells = isRecord(notebook) ? notebook['cells'] : undefined;
  if (!isList(cells)) return null;
  return cells.filter(isRecord).map((cell) => ({
    kind: cell['cell_type'] === 'code' ? 'code' : cell['cell_type'] === 'markdown' ? 'markdown' : 'raw',
    source: joined(cell['source']),
    count: typeof cell['execution_count'] === 'number' ? cell['execution_count'] : null,
    outputs: isList(cell['outputs']) ? cell['outputs'].filter(isRecord).flatMap(outputOf) : [],
  }));
}

function outputOf(output: Readonly<Record<string, Json>>): Output[] {
  if (output['output_type'] === 'stream') return [{ kind: 'text', text: plain(joined(output['text'])) }];
  if (output['output_type'] === 'error') return [{ kind: 'error', text: plain(joined(output['traceback'], '\n')) }];
  const data = output['data'];
  if (!isRecord(data)) return [];
  for (const type of PICTURES) {
    const picture = joined(data[type]).replaceAll(/\s/g, '');
    if (picture !== '' && /^[A-Za-z0-9+/=]+$/.test(picture)) return [{ kind: 'image', address: `data:${type};base64,${picture}` }];
  }
  const drawing = joined(data['image/svg+xml']);
  // As a picture it runs no script and loads nothing.
  if (drawing !== '') return [{ kind: 'image', address: `data:image/svg+xml,${encodeURIComponent(drawing)}` }];
  for (const [type, kind] of [['text/html', 'html'], ['text/markdown', 'markdown'], ['text/plain', 'text']] as const) {
    const text = joined(data[type]);
    if (text !== '') return [{ kind, text: kind === 'text' ? plain(text) : text }];
  }
  return [];
}

/** Texts of notebooks are often kept as lists of lines. */
function joined(value: Json | undefined, between = ''): string {
  if (typeof value === 'string') return value;
  return isList(value) ? value.filter((line) => typeof line === 'string').join(between) : '';
}

/** Without the marks of colours for terminals. */
function plain(text: string): string {
  return text.replaceAll(/\u001b\[[0-9;]*[A-Za-z]/g, '');
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
