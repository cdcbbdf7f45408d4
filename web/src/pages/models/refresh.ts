import { useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';

/** The function that has what the named operations asked for asked for again. */
export function useRefresh(operations: readonly string[]): () => void {
  const queries = useQueryClient();
  const names = operations.join(' ');
  return useCallback(() => {
    const meant = new Set(names.split(' '));
    void queries.invalidateQueries({ predicate: ({ queryKey }) => meant.has(String(queryKey[0])) });
  }, [queries, names]);
}
