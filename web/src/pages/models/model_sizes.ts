import { useQueries } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { query, type DataOf } from '../../api';
import { ModelSizesDocument } from '../../api/operations';

/** Of so many models the sizes are asked for at once: a page of the list. */
const PAGE = 100;

/** The sizes of models by id, as they come: they are asked for when the models are shown already. */
export function useModelSizes(models: readonly { readonly id: string }[]): ReadonlyMap<string, number> {
  const isShown = useIsPainted(models.length > 0);
  const batches: string[][] = [];
  for (let at = 0; at < models.length; at += PAGE) batches.push(models.slice(at, at + PAGE).map(({ id }) => id));
  return useQueries({ queries: batches.map((ids) => ({ ...query(ModelSizesDocument, { ids }), enabled: isShown })), combine: byId });
}

/** Whether what is rendered since `isReady` has been painted. */
function useIsPainted(isReady: boolean): boolean {
  const [isPainted, setPainted] = useState(false);
  useEffect(() => {
    if (!isReady) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const frame = requestAnimationFrame(() => {
      timer = setTimeout(() => setPainted(true));
    });
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [isReady]);
  return isPainted;
}

function byId(answers: readonly { readonly data?: DataOf<typeof ModelSizesDocument> | undefined }[]): ReadonlyMap<string, number> {
  const nodes = answers.flatMap(({ data }) => data?.nodes ?? []);
  return new Map(nodes.flatMap((node) => (node?.__typename === 'Model' ? [[node.id, node.size] as const] : [])));
}
