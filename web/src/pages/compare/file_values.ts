import type { Json } from '../../api/operations';
import { formatBytes } from '../../ui';
import type { Row } from './comparison';
import type { ComparedFile } from './use_files';
import type { Cell } from './values';

const DIGITS = 8;

/** Cells of a path: size and the beginning of the SHA-256. */
export function fileCell(row: Row<ComparedFile>, baseline: number | null, language: string): Cell[] {
  const from = baseline === null ? undefined : row.values[baseline]?.sha256;
  return row.values.map((file, index) => ({
    text: file === null ? null : `${formatBytes(file.size, language)} · ${file.sha256.slice(0, DIGITS)}`,
    isOther: baseline !== null && index !== baseline && file?.sha256 !== from,
  }));
}

/** Cells of a column of the signature: its type and whether it may be absent. */
export function signatureCell(row: Row<Json>, baseline: number | null): Cell[] {
  const texts = row.values.map((column) => (column === null ? null : columnText(column)));
  return texts.map((text, index) => ({ text, isOther: baseline !== null && index !== baseline && text !== texts[baseline] }));
}

function columnText(column: Json): string {
  if (column === null || typeof column !== 'object' || Array.isArray(column)) return JSON.stringify(column);
  const { name: _, required, type, ...rest } = column;
  const others = Object.keys(rest).length > 0 ? ` ${JSON.stringify(rest)}` : '';
  return `${String(type ?? '')}${required === false ? '?' : ''}${others}`.trim();
}
