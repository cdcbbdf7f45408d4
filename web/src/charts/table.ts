import type { ChartTable } from './types';

/** Spreadsheets take a text that begins so as a formula. */
const FORMULA = /^[=+\-@\t\r]/;

/** The table as a CSV file (RFC 4180): texts that spreadsheets would run begin with an apostrophe. */
export function csvOf({ columns, rows }: ChartTable): string {
  const lines = [columns, ...rows].map((row) => row.map(cell).join(','));
  return `${lines.join('\r\n')}\r\n`;
}

function cell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = FORMULA.test(value) && !Number.isFinite(Number(value)) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Hand a file to the person. */
export function download(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** A file's name made of a title. */
export function fileName(title: string, extension: string): string {
  const plain = title.normalize('NFC').replaceAll(/[^\p{L}\p{N}.-]+/gu, '-').replaceAll(/^-+|-+$/g, '').slice(0, 80);
  return `${plain || 'chart'}.${extension}`;
}

/** Hand a table as CSV to the person. */
export function downloadTable(table: ChartTable, title: string): void {
  // Excel reads UTF-8 only behind a byte order mark.
  download(new Blob(['\uFEFF', csvOf(table)], { type: 'text/csv;charset=utf-8' }), fileName(title, 'csv'));
}
