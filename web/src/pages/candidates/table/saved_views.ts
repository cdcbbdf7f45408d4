import type { TableSearch } from '../../../routes/candidates';

/** What a table showed, under a name; kept in this browser. */
export interface SavedView {
  readonly name: string;
  readonly search: TableSearch;
}

const MOST = 50;

const keyOf = (project: string, table: string) => `modelyard.views.${project}.${table}`;

/** The views of a table, by name. */
export function readViews(project: string, table: string): readonly SavedView[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(keyOf(project, table)) ?? '[]');
    return Array.isArray(list) ? list.filter(isView) : [];
  } catch {
    // What cannot be read is none; the next view that is saved takes its stead.
    return [];
  }
}

function isView(value: unknown): value is SavedView {
  return typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string' && 'search' in value && typeof value.search === 'object' && value.search !== null;
}

/** The views after one was saved; one of the same name is replaced. */
export function saveView(project: string, table: string, view: SavedView): readonly SavedView[] {
  const others = readViews(project, table).filter(({ name }) => name !== view.name);
  return write(project, table, [...others, view].slice(-MOST));
}

/** The views without one. */
export function removeView(project: string, table: string, name: string): readonly SavedView[] {
  return write(project, table, readViews(project, table).filter((view) => view.name !== name));
}

function write(project: string, table: string, views: readonly SavedView[]): readonly SavedView[] {
  const sorted = [...views].sort((a, b) => a.name.localeCompare(b.name));
  localStorage.setItem(keyOf(project, table), JSON.stringify(sorted));
  return sorted;
}
