import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Failure } from '../../../api';
import { linkTo } from '../downloads/single';
import type { FileDetails } from './details';

/** Up to here a preview reads without being asked. */
export const UNASKED_BYTES = 1024 ** 2;

/** Bytes `start` to `end` of a file. The link may have ended meanwhile: then a new one is asked for. */
export async function readBytes(
  file: Pick<FileDetails, 'id' | 'downloadUrl'>,
  start: number,
  end: number,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  if (end <= start) return new Uint8Array();
  let response = file.downloadUrl === null ? null : await get(file.downloadUrl, start, end, signal);
  if (response === null || response.status === 403) response = await get(await linkTo(file.id, signal), start, end, signal);
  if (!response.ok) throw new Failure(response.status === 404 ? 'notFound' : 'unknown', `${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  // A server that knows no ranges sends everything.
  return response.status === 206 ? bytes : bytes.slice(start, end);
}

async function get(url: string, start: number, end: number, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { headers: { range: `bytes=${start}-${end - 1}` }, signal: signal ?? null });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Failure('offline', String(error));
  }
}

/** The beginning of a file: a mebibyte, and more when `more` is called. */
export function useBeginning(file: FileDetails) {
  const [most, setMost] = useState(UNASKED_BYTES);
  const length = Math.min(file.size, most);
  const query = useQuery({
    queryKey: ['FileBytes', file.id, file.sha256, length],
    queryFn: ({ signal }) => readBytes(file, 0, length, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 30_000,
    placeholderData: keepPreviousData,
  });
  return {
    query,
    isWhole: length >= file.size,
    /** Read eight times as much. */
    more: () => setMost(most * 8),
  };
}

/** Bytes as text; null: they are none. */
export function textOf(bytes: Uint8Array, isWhole: boolean): string | null {
  const [first, second] = bytes;
  const encoding = first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
  if (encoding === 'utf-8' && bytes.subarray(0, 8_192).includes(0)) return null;
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: !isWhole });
  } catch {
    const text = new TextDecoder('windows-1252').decode(bytes.subarray(0, 8_192));
    // Old encodings are text, too: what has more than a few control characters is not.
    const odd = [...text].filter((each) => each < ' ' && !'\t\n\r\f'.includes(each)).length;
    return odd * 100 > text.length ? null : new TextDecoder('windows-1252').decode(bytes);
  }
}
