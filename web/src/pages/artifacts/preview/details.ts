import type { FileQuery } from '../../../api/operations';

/** A file with all that the server tells of it. */
export type FileDetails = NonNullable<FileQuery['artifact']>;

/** What previews get. */
export interface PreviewProps {
  readonly file: FileDetails;
}

/** What a scalar of JSON may be. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** What the server has found in a file, by name. */
export function factsOf(file: FileDetails): Readonly<Record<string, Json>> {
  return isRecord(file.facts) ? file.facts : {};
}

/** Whether a value is an object of JSON. */
export function isRecord(value: unknown): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
