import { useState } from 'react';
import { useT } from '../../../i18n';
import { Button, Dialog, Field, TextInput } from '../../../ui';
import { tagAll, type BulkResult } from './bulk';
import type { CandidateRow } from './rows';
import type { Candidates } from './useCandidates';

interface Props {
  readonly rows: readonly CandidateRow[];
  readonly onClose: () => void;
  readonly patch: Candidates['patch'];
  readonly onResult: (result: BulkResult) => void;
}

/** Set one tag of all selected candidates. */
export function TagDialog({ rows, onClose, patch, onResult }: Props) {
  const t = useT();
  const [key, setKey] = useState('');
  const [value, setValue] = useState('');
  const [isBusy, setBusy] = useState(false);
  const write = async (given: string | null) => {
    setBusy(true);
    const result = await tagAll(rows.map((row) => row.id), key.trim(), given);
    setBusy(false);
    onResult(result);
    const done = new Set(result.done);
    patch(rows.filter((row) => done.has(row.id)).map((row) => tagged(row, key.trim(), given)), new Set());
    if (result.refused === 0) onClose();
  };
  const isNamed = key.trim() !== '';
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('candidates.tag_title', { count: rows.length })}
      footer={
        <>
          <Button variant="quiet" disabled={!isNamed || isBusy} onClick={() => void write(null)}>
            {t('candidates.tag_remove')}
          </Button>
          <Button variant="primary" disabled={!isNamed} busy={isBusy} onClick={() => void write(value)}>
            {t('candidates.tag_set')}
          </Button>
        </>
      }
    >
      <Field label={t('candidates.tag_key')} required>
        <TextInput value={key} onChange={(event) => setKey(event.currentTarget.value)} />
      </Field>
      <Field label={t('candidates.tag_value')}>
        <TextInput value={value} onChange={(event) => setValue(event.currentTarget.value)} />
      </Field>
    </Dialog>
  );
}

function tagged(row: CandidateRow, key: string, value: string | null): CandidateRow {
  const others = row.tags.filter((tag) => tag.key !== key);
  return { ...row, tags: value === null ? others : [...others, { __typename: 'Tag', key, value }] };
}
