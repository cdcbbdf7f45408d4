import { parquetMetadataAsync, parquetReadObjects, parquetSchema, type FileMetaData } from 'hyparquet';
import { decompressBrotli, decompressGzip, decompressLz4, decompressLz4Raw, decompressZstd } from 'hyparquet-compressors';
import { readBytes } from './content';
import type { FileDetails } from './details';

const ROWS = 100;
const COLUMNS = 50;
/** The end of a file, in which its schema usually is. */
const END_BYTES = 64 * 1024;

/** What a Parquet file says of itself. */
export interface Parquet {
  readonly metadata: FileMetaData;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rowCount: number;
  /** Bytes that have to be read for the first rows. */
  readonly rowsBytes: number;
}

function buffer(file: FileDetails, signal: AbortSignal) {
  return {
    byteLength: file.size,
    slice: async (start: number, end = file.size) => (await readBytes(file, start, end, signal)).buffer,
  };
}

/** Schema and counts, from the end of the file. */
export async function read(file: FileDetails, signal: AbortSignal): Promise<Parquet> {
  const metadata = await parquetMetadataAsync(buffer(file, signal), { initialFetchSize: END_BYTES });
  const { children } = parquetSchema(metadata);
  const shown = new Set(children.slice(0, COLUMNS).map(({ element }) => element.name));
  const chunks = metadata.row_groups[0]?.columns.filter(({ meta_data: meta }) => shown.has(meta?.path_in_schema[0] ?? '')) ?? [];
  return {
    metadata,
    columns: children.map(({ element }) => ({ name: element.name, type: typeOf(element) })),
    rowCount: Number(metadata.num_rows),
    rowsBytes: chunks.reduce((sum, { meta_data: meta }) => sum + Number(meta?.total_compressed_size ?? 0), 0),
  };
}

/** The first rows as texts, in the order of the columns. */
export async function firstRows(file: FileDetails, { metadata, columns }: Parquet, signal: AbortSignal): Promise<string[][]> {
  const names = columns.slice(0, COLUMNS).map(({ name }) => name);
  const rows: readonly Readonly<Record<string, unknown>>[] = await parquetReadObjects({
    file: buffer(file, signal),
    metadata,
    columns: names,
    rowStart: 0,
    rowEnd: Math.min(ROWS, Number(metadata.row_groups[0]?.num_rows ?? 0)),
    // Not the one for Snappy, which the reader has of its own and which is WebAssembly there: the pages may not run that.
    compressors: {
      BROTLI: decompressBrotli, GZIP: decompressGzip, LZ4: decompressLz4, LZ4_RAW: decompressLz4Raw,
      ZSTD: (input, length) => decompressZstd(input, new Uint8Array(length)),
    },
  });
  return rows.map((row) => names.map((name) => shown(row[name])));
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString();
  if (value instanceof Uint8Array) return `0x${[...value.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  if (typeof value !== 'object') return String(value);
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each)).slice(0, 500);
}

function typeOf(element: { readonly type?: string; readonly converted_type?: string; readonly logical_type?: { readonly type: string } }) {
  return (element.logical_type?.type ?? element.converted_type ?? element.type ?? 'group').toLowerCase();
}
