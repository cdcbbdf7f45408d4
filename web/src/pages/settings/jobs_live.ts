import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';

const EVERY_MILLISECONDS = 3_000;

/** Read the jobs again every few seconds while the page is looked at: progress has no event of its own for lists. */
export function useJobsLive(project: string): void {
  const queries = useQueryClient();
  useEffect(() => {
    const timer = window.setInterval(() => {
      if (document.visibilityState === 'visible') void queries.invalidateQueries({ queryKey: ['Jobs'] });
    }, EVERY_MILLISECONDS);
    return () => window.clearInterval(timer);
  }, [queries, project]);
}
