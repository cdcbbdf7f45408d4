import { useMemo, useState } from 'react';
import { chosenBelow, filesOf, type FolderNode, type Node } from './tree';

/** Which files are chosen, by their ids; a folder stands for all that is below it. */
export function useChoice(root: FolderNode, rows: readonly Node[]) {
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const all = useMemo(() => filesOf(root), [root]);
  // What was deleted meanwhile is chosen no more.
  const chosen = useMemo(() => new Set(all.filter(({ id }) => marked.has(id)).map(({ id }) => id)), [all, marked]);
  const counts = useMemo(() => chosenBelow(root, chosen), [root, chosen]);
  const stateOf = (node: Node): boolean | 'mixed' => {
    if (node.kind === 'file') return chosen.has(node.file.id);
    const count = counts.get(node.path) ?? 0;
    return count === 0 ? false : count === node.count ? true : 'mixed';
  };
  const toggle = (node: Node, upTo?: Node) => {
    const [from, to] = [rows.indexOf(node), rows.indexOf(upTo ?? node)].sort((one, other) => one - other);
    const range = upTo ? rows.slice(from, (to ?? 0) + 1) : [node];
    const isOn = upTo !== undefined || stateOf(node) !== true;
    const next = new Set(chosen);
    for (const each of range) {
      // Of a range, an open folder stands for the rows of it that are in the range.
      const files = upTo && each.kind === 'folder' && rows.some((row) => row.path.startsWith(`${each.path}/`)) ? [] : filesOf(each);
      for (const { id } of files) isOn ? next.add(id) : next.delete(id);
    }
    setMarked(next);
  };
  return {
    chosen,
    files: useMemo(() => all.filter(({ id }) => chosen.has(id)), [all, chosen]),
    stateOf,
    toggle,
    all: () => setMarked(new Set(all.map(({ id }) => id))),
    clear: () => setMarked(new Set()),
  };
}
