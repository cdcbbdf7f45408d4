import type { LineagePartFragment, LineageRelation } from '../../../api/operations';

export type LineageEntry = LineagePartFragment['entries']['nodes'][number];

/** CSS pixels: boxes have one size, so that no text has to be measured. */
export const BOX = { width: 208, height: 60, gapX: 88, gapY: 20 } as const;

/** A box of the graph. */
export interface LineageBox {
  readonly id: string;
  /** Null: the version that the lineage is of. */
  readonly entry: LineageEntry | null;
  readonly x: number;
  readonly y: number;
}

/** A line of the graph, from what came first to what came of it. */
export interface LineageLine {
  readonly from: string;
  readonly to: string;
  readonly relation: LineageRelation;
}

export interface LineageLayout {
  readonly boxes: readonly LineageBox[];
  readonly lines: readonly LineageLine[];
  readonly width: number;
  readonly height: number;
}

interface Reached {
  readonly id: string;
  readonly parent: string;
  readonly entry: LineageEntry;
  readonly column: number;
}

/** Boxes in columns: what came first on the left, each next to that by which it was reached. */
export function layoutOf(root: string, upstream: readonly LineageEntry[], downstream: readonly LineageEntry[]): LineageLayout {
  const reached = [...reach(root, upstream, -1), ...reach(root, downstream, 1)];
  const columns = new Map<number, string[]>([[0, [root]]]);
  for (const { id, column } of reached) columns.set(column, [...(columns.get(column) ?? []), id]);
  const order = [...columns.keys()].sort((one, other) => one - other);
  const tallest = Math.max(...[...columns.values()].map(({ length }) => length));
  const height = tallest * (BOX.height + BOX.gapY) - BOX.gapY;
  const entries = new Map(reached.map(({ id, entry }) => [id, entry]));
  const boxes = order.flatMap((column, at) => {
    const ids = columns.get(column) ?? [];
    const used = ids.length * (BOX.height + BOX.gapY) - BOX.gapY;
    return ids.map((id, row) => ({
      id,
      entry: entries.get(id) ?? null,
      x: at * (BOX.width + BOX.gapX),
      y: (height - used) / 2 + row * (BOX.height + BOX.gapY),
    }));
  });
  const lines = reached.map(({ id, parent, entry, column }) => ({
    from: column < 0 ? id : parent,
    to: column < 0 ? parent : id,
    relation: entry.relation,
  }));
  return { boxes, lines, width: order.length * (BOX.width + BOX.gapX) - BOX.gapX, height };
}

/** Each entry once, with the box that it hangs on; nearest first, as the server gives them. */
function reach(root: string, entries: readonly LineageEntry[], side: 1 | -1): Reached[] {
  const known = new Map<string, Reached>();
  let lastDataset: string | undefined;
  for (const entry of entries) {
    const id = `${side}:${keyOf(entry)}`;
    if (known.has(id)) continue;
    const through = entry.parentId === null ? lastDataset : `${side}:${entry.parentId}`;
    const parent = through !== undefined && known.has(through) ? through : root;
    known.set(id, { id, parent, entry, column: side * entry.step });
    if (entry.dataset) lastDataset = id;
  }
  return [...known.values()];
}

function keyOf({ modelVersion, candidate, deployment, dataset, baseName, parentId }: LineageEntry): string {
  const object = modelVersion ?? candidate ?? deployment;
  return object?.id ?? (dataset ? `dataset:${dataset.name}@${dataset.digest}` : `base:${baseName}:${parentId}`);
}
