import { useState, type FormEvent } from 'react';
import { useSending } from '../../api';
import { FactsSetDocument, type VersionFactsFragment } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Dialog, Field, TextInput, toast } from '../../ui';
import { FormProblems } from '../models/FormProblems';
import styles from '../models/models.module.css';
import { PairsEditor } from '../models/PairsEditor';
import { draftOf, statementOf, type StatedFact } from './fact_drafts';

/** Where the server says that lines of a fact are wrong. */
const FIELD = { SOURCE_COMMIT: 'sourceCommit', TRAINING_DATA: 'trainingData', HYPER_PARAMETERS: 'hyperParameters', ENVIRONMENT: 'environment' } as const;

const LABELS = {
  repository: 'versions.repository',
  sha: 'versions.commit',
  branch: 'versions.branch',
  imageDigest: 'versions.image',
  hardware: 'versions.hardware',
  python: 'versions.python',
} as const;

/** State, correct or take back what one fact of a version says; earlier statements stay among its sources. */
export function FactDialog({
  version,
  fact,
  facts,
  onClose,
}: {
  readonly version: { readonly id: string; readonly version: string; readonly sealedAt: string | null };
  readonly fact: StatedFact;
  readonly facts: VersionFactsFragment;
  readonly onClose: () => void;
}) {
  const t = useT();
  const [before] = useState(() => draftOf(fact, facts));
  const [draft, setDraft] = useState(before);
  const [note, setNote] = useState('');
  const sending = useSending(FactsSetDocument, ['VersionHead', 'VersionActivity']);
  const statement = statementOf(fact, before, draft);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (statement === undefined) return;
    if ((await sending.send({ input: { modelVersion: { id: version.id }, note, ...statement } })) === null) return;
    toast({ title: t('versions.fact_was_stated'), tone: 'good' });
    onClose();
  };
  const names = Object.keys(LABELS).filter((name): name is keyof typeof LABELS => name in draft.texts);
  const hasPairs = fact !== 'SOURCE_COMMIT';
  return (
    <Dialog open onClose={onClose} title={t('versions.fact_title', { fact: t(`versions.fact_${fact}`), version: version.version })}>
      <form className={styles.form} onSubmit={(event) => void save(event)}>
        <p className={styles.hint}>{t(version.sealedAt === null ? 'versions.fact_hint' : 'versions.fact_hint_sealed')}</p>
        {names.map((name) => (
          <Field key={name} label={t(LABELS[name])} required={false} error={sending.errorAt(name)}>
            <TextInput
              value={draft.texts[name]}
              onChange={(event) => setDraft({ ...draft, texts: { ...draft.texts, [name]: event.target.value } })}
            />
          </Field>
        ))}
        {hasPairs && (
          <PairsEditor
            legend={t(`versions.entries_${fact}`)}
            keyLabel={t('versions.entry_name')}
            valueLabel={t(`versions.entry_value_${fact}`)}
            addLabel={t('versions.entry_add')}
            removeLabel={(name) => t('versions.entry_remove', { name })}
            pairs={draft.pairs}
            onChange={(pairs) => setDraft({ ...draft, pairs })}
            error={sending.errorAt(FIELD[fact])}
          />
        )}
        <Field label={t('versions.fact_note')} required={false} error={sending.errorAt('note')}>
          <TextInput value={note} onChange={(event) => setNote(event.target.value)} />
        </Field>
        <FormProblems sending={sending} fields={[...names, ...(hasPairs ? [FIELD[fact]] : []), 'note']} />
        <div className={styles.formActions}>
          <Button variant="primary" type="submit" disabled={statement === undefined} busy={sending.isBusy}>
            {t('versions.fact_state')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
