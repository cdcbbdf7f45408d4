import type { FileRow } from './listing';

/** A file in the tree. Paths here begin at the folder that is shown. */
export interface FileNode {
  readonly kind: 'file';
  readonly name: string;
  readonly path: string;
  readonly depth: number;
  readonly file: FileRow;
}

/** A folder in the tree, with what all below it comes to. */
export interface FolderNode {
  readonly kind: 'folder';
  readonly name: string;
  readonly path: string;
  readonly depth: number;
  readonly children: Node[];
  size: number;
  count: number;
}

export type Node = FileNode | FolderNode;

const { compare } = new Intl.Collator('en', { numeric: true });

/** A path without the folder that is shown. */
export function below(path: string, folder: string): string {
  return folder !== '' && path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path;
}

/** The tree of files that come as a flat list. */
export function treeOf(files: readonly FileRow[], folder = ''): FolderNode {
  const root: FolderNode = { kind: 'folder', name: '', path: '', depth: -1, children: [], size: 0, count: 0 };
  const folders = new Map<string, FolderNode>([['', root]]);
  for (const file of files) {
    const path = below(file.path, folder);
    const parent = folderAt(path.slice(0, Math.max(path.lastIndexOf('/'), 0)), folders);
    const name = path.slice(path.lastIndexOf('/') + 1);
    parent.children.push({ kind: 'file', name, path, depth: parent.depth + 1, file });
    for (let at: FolderNode | undefined = parent; at; at = parentOf(at, folders)) {
      at.size += file.size;
      at.count += 1;
    }
  }
  for (const each of folders.values()) each.children.sort(inOrder);
  return root;
}

/** The rows that are seen: what is in a folder only where it is open. */
export function rowsOf(root: FolderNode, isOpen: (folder: FolderNode) => boolean): Node[] {
  const rows: Node[] = [];
  const walk = (folder: FolderNode) => {
    for (const child of folder.children) {
      rows.push(child);
      if (child.kind === 'folder' && isOpen(child)) walk(child);
    }
  };
  walk(root);
  return rows;
}

/** All files below a node. */
export function filesOf(node: Node): FileRow[] {
  return node.kind === 'file' ? [node.file] : node.children.flatMap(filesOf);
}

/** How many files below each folder are chosen, by its path. */
export function chosenBelow(root: FolderNode, chosen: ReadonlySet<string>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const walk = (node: Node): number => {
    if (node.kind === 'file') return chosen.has(node.file.id) ? 1 : 0;
    const count = node.children.reduce((sum, child) => sum + walk(child), 0);
    if (count > 0) counts.set(node.path, count);
    return count;
  };
  if (chosen.size > 0) walk(root);
  return counts;
}

/** A folder is named instead of its files where they are more than this many. */
const SINGLE = 10;

/** Few paths that stand for exactly the chosen files, those of `root`; a folder stands for all that is in it. */
export function pathsOf(root: FolderNode, chosen: ReadonlySet<string>, folder = ''): string[] {
  const counts = chosenBelow(root, chosen);
  const walk = (node: Node): string[] => {
    if (node.kind === 'file') return chosen.has(node.file.id) ? [node.file.path] : [];
    const count = counts.get(node.path) ?? 0;
    if (count > SINGLE && count === node.count && node !== root) return [folder === '' ? node.path : `${folder}/${node.path}`];
    return count > 0 ? node.children.flatMap(walk) : [];
  };
  return walk(root);
}

function folderAt(path: string, folders: Map<string, FolderNode>): FolderNode {
  const known = folders.get(path);
  if (known) return known;
  const at = path.lastIndexOf('/');
  const parent = folderAt(at < 0 ? '' : path.slice(0, at), folders);
  const made: FolderNode = {
    kind: 'folder', name: path.slice(at + 1), path, depth: parent.depth + 1, children: [], size: 0, count: 0,
  };
  folders.set(path, made);
  parent.children.push(made);
  return made;
}

function parentOf(folder: FolderNode, folders: ReadonlyMap<string, FolderNode>): FolderNode | undefined {
  return folder.depth < 0 ? undefined : folders.get(folder.path.slice(0, Math.max(folder.path.lastIndexOf('/'), 0)));
}

function inOrder(one: Node, other: Node): number {
  if (one.kind !== other.kind) return one.kind === 'folder' ? -1 : 1;
  return compare(one.name, other.name);
}
