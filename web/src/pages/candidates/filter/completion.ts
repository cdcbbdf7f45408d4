import { filterKey, type LoggedKeys } from '../table/columns';

/** A text that may stand where the cursor is. */
export interface Suggestion {
  readonly text: string;
  /** What it is, for the right edge of the list. */
  readonly kind: 'metric' | 'param' | 'tag' | 'attribute' | 'operator' | 'value' | 'word';
}

/** What may stand at the cursor, and which part of the text it takes the place of. */
export interface Completion {
  readonly start: number;
  readonly end: number;
  readonly suggestions: readonly Suggestion[];
}

/** Values that were logged for a param or tag, among the rows that were read. */
export type ValuesOf = (group: 'p' | 't', key: string) => readonly string[];

const ATTRIBUTES = ['attributes.run_name', 'attributes.status', 'attributes.user_id', 'attributes.start_time', 'attributes.end_time', 'attributes.run_id', 'datasets.name', 'datasets.digest'];
const STATUSES = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'];
const NUMERIC = ['>', '>=', '<', '<=', '=', '!='];
const TEXTUAL = ['=', '!=', 'LIKE', 'ILIKE'];
const NULLS = ['IS NULL', 'IS NOT NULL'];
const MOST = 50;

/** A piece of a filter; of a text in quotes that is not closed, `end` is the end of the filter. */
interface Piece {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const PIECE = /(?:[^\s'"`()=<>!~,]|`(?:[^`]|``)*(?:`|$))+|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|[=<>!~]+|[(),]/g;

/** The pieces of a filter, in their order. */
export function piecesOf(text: string): readonly Piece[] {
  return [...text.matchAll(PIECE)].map((match) => ({ text: match[0], start: match.index, end: match.index + match[0].length }));
}

/** The part to underline for an error at a character, counted from 1. */
export function pieceAt(text: string, position: number): Piece {
  const at = Math.min(Math.max(position - 1, 0), text.length);
  const piece = piecesOf(text).find((one) => one.start <= at && at < one.end);
  return piece ?? { text: text.slice(at), start: Math.min(at, Math.max(text.length - 1, 0)), end: text.length };
}

const isKey = (text: string) => /^(?:metrics?|parameters?|params?|tags?|attributes?|attr|run|datasets?)\./i.test(text);
const isOperator = (text: string) => /^(?:[=<>!~]+|like|ilike|in|null)$/i.test(text);
const isWord = (text: string) => /^(?:and|or|not|\()$/i.test(text);

/** What may stand at the cursor. */
export function completionAt(text: string, cursor: number, keys: LoggedKeys, valuesOf: ValuesOf): Completion {
  const before = piecesOf(text.slice(0, cursor));
  const last = before.at(-1);
  const isTyping = last !== undefined && last.end === cursor && last.text !== '(' && !/^[=<>!~,)]+$/.test(last.text);
  const typed = isTyping ? last.text : '';
  const done = isTyping ? before.slice(0, -1) : before;
  const suggestions = expected(done, keys, valuesOf).filter((one) => matches(one.text, typed)).slice(0, MOST);
  return { start: isTyping ? last.start : cursor, end: cursor, suggestions };
}

function expected(done: readonly Piece[], keys: LoggedKeys, valuesOf: ValuesOf): readonly Suggestion[] {
  const last = done.at(-1)?.text ?? '';
  const before = done.at(-2)?.text ?? '';
  if (last === '' || isWord(last)) return [...keysOf(keys), ...words(last === '' || last === '(' || /^(?:and|or)$/i.test(last) ? ['NOT', '('] : [])];
  if (isKey(last)) return operatorsOf(last).map((one) => ({ text: one, kind: 'operator' }));
  if (isOperator(last) && isKey(before)) return valuesFor(before, valuesOf).map((one) => ({ text: one, kind: 'value' }));
  return words(['AND', 'OR']);
}

const words = (texts: readonly string[]): readonly Suggestion[] => texts.map((text) => ({ text, kind: 'word' }));

function keysOf(keys: LoggedKeys): readonly Suggestion[] {
  return [
    ...keys.m.map((key) => ({ text: plainKey('m', key), kind: 'metric' as const })),
    ...keys.p.map((key) => ({ text: plainKey('p', key), kind: 'param' as const })),
    ...ATTRIBUTES.map((text) => ({ text, kind: 'attribute' as const })),
    ...keys.t.map((key) => ({ text: plainKey('t', key), kind: 'tag' as const })),
  ];
}

/** A key with backticks where it needs them. */
function plainKey(group: 'm' | 'p' | 't', key: string): string {
  const quoted = filterKey(group, key);
  return /^[\w.\-/]+$/.test(key) ? quoted.replaceAll('`', '') : quoted;
}

function operatorsOf(key: string): readonly string[] {
  if (/^metrics?\./i.test(key) || /_time$/.test(key)) return NUMERIC;
  return /^(?:attributes?|attr|run|datasets?)\./i.test(key) ? TEXTUAL : [...TEXTUAL, ...NULLS];
}

function valuesFor(key: string, valuesOf: ValuesOf): readonly string[] {
  if (/\.status$/.test(key) && /^(?:attributes?|attr|run)\./i.test(key)) return STATUSES.map((one) => `'${one}'`);
  const name = key.slice(key.indexOf('.') + 1).replaceAll('`', '');
  const group = /^tags?\./i.test(key) ? 't' : /^(?:params?|parameters?)\./i.test(key) ? 'p' : null;
  return group === null ? [] : valuesOf(group, name).map((one) => `'${one.replaceAll("'", "''")}'`);
}

/** Whether a suggestion fits what was typed of it: the beginning, or any part of the key. */
function matches(text: string, typed: string): boolean {
  const [whole, part] = [text.toLowerCase().replaceAll('`', ''), typed.toLowerCase().replaceAll('`', '')];
  return whole !== part && whole.includes(part);
}

/** The text after a suggestion was taken, and where the cursor stands then. */
export function completed(text: string, { start, end }: Completion, taken: string): { readonly text: string; readonly cursor: number } {
  const gap = taken === '(' || text[end] === ' ' ? '' : ' ';
  const whole = `${text.slice(0, start)}${taken}${gap}${text.slice(end)}`;
  return { text: whole, cursor: start + taken.length + (taken === '(' ? 0 : 1) };
}
