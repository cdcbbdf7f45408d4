import { useCallback } from 'react';
import { change } from '../../api';
import { VersionRestoreDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { toast } from '../../ui';
import { useRefresh } from '../models/refresh';

/** The function that takes a version out of the trash and says whether that went well. */
export function useRestoreVersion(): (version: { readonly id: string; readonly version: string }) => Promise<void> {
  const t = useT();
  const refresh = useRefresh(['ModelVersions', 'ModelHead', 'VersionHead', 'Models']);
  return useCallback(async ({ id, version }) => {
    try {
      await change(VersionRestoreDocument, { input: { modelVersion: { id } } });
      toast({ title: t('versions.was_restored', { version }), tone: 'good' });
      refresh();
    } catch (error) {
      toast({ title: error instanceof Error ? error.message : String(error), tone: 'bad' });
    }
  }, [t, refresh]);
}
