import { useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { asFailure, change } from '../../api';
import { ExperimentRestoreDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { toast } from '../../ui';

/** Take an experiment out of the trash, and say so. */
export function useRestore(): (id: string, name: string) => Promise<void> {
  const t = useT();
  const queries = useQueryClient();
  return useCallback(
    async (id, name) => {
      try {
        await change(ExperimentRestoreDocument, { input: { experiment: { id } } });
        toast({ title: t('experiments.restored', { name }), tone: 'good' });
      } catch (error) {
        toast({ title: asFailure(error).message, tone: 'bad' });
      }
      await queries.invalidateQueries();
    },
    [queries, t],
  );
}
