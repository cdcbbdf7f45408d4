import { X } from 'lucide-react';
import { useState, type FormEvent } from 'react';
import { useSending } from '../../api';
import { AliasDeleteDocument, AliasSetDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { AliasChip, Button, Combobox, Dialog, Field, IconButton } from '../../ui';
import { FormProblems } from '../models/FormProblems';
import styles from '../models/models.module.css';
import type { ShownVersion } from './VersionPage';

const REFRESHES = ['VersionHead', 'ModelHead', 'ModelVersions', 'Models'];

/** Set, move and delete the aliases of a version. An alias that was moved meanwhile is not taken away unseen. */
export function AliasesDialog({
  version,
  onClose,
}: {
  readonly project: string;
  readonly model: string;
  readonly version: ShownVersion;
  readonly onClose: () => void;
}) {
  const t = useT();
  const [name, setName] = useState('');
  const setting = useSending(AliasSetDocument, REFRESHES);
  const deleting = useSending(AliasDeleteDocument, REFRESHES);
  const model = { id: version.model?.id ?? '' };
  const others = (version.model?.aliases ?? []).filter(({ modelVersion }) => modelVersion?.id !== version.id);
  const moved = others.find((alias) => alias.name === name);
  const set = async (event: FormEvent) => {
    event.preventDefault();
    const expectedCurrent = moved?.modelVersion?.number ?? 0;
    const done = await setting.send({ input: { model, name, reference: `#${version.number}`, expectedCurrent } });
    if (done) setName('');
  };
  return (
    <Dialog open onClose={onClose} title={t('versions.aliases_title', { version: version.version })}>
      <ul className={styles.told}>
        {version.aliases.map((alias) => (
          <li key={alias.id}>
            <AliasChip name={alias.name} />
            {alias.viewerCanUpdate && (
              <IconButton
                icon={<X />}
                label={t('versions.alias_delete', { name: alias.name })}
                onClick={() => void deleting.send({ input: { model, name: alias.name, expectedCurrent: version.number } })}
              />
            )}
          </li>
        ))}
      </ul>
      {version.aliases.length === 0 && <p>{t('versions.no_alias')}</p>}
      <FormProblems sending={deleting} fields={[]} />
      <form className={styles.form} onSubmit={(event) => void set(event)}>
        <Field
          label={t('versions.alias_set')}
          hint={
            moved?.modelVersion
              ? t('versions.alias_moves', { name, version: moved.modelVersion.version })
              : t('versions.alias_hint')
          }
          error={setting.errorAt('name') ?? setting.errorAt('expectedCurrent')}
        >
          <Combobox
            allowNew
            items={others.map((alias) => ({ value: alias.name, label: `${alias.name} (${alias.modelVersion?.version ?? ''})` }))}
            value={name}
            onChange={(chosen) => setName(chosen?.trim() ?? '')}
          />
        </Field>
        <FormProblems sending={setting} fields={['name', 'expectedCurrent']} />
        <div className={styles.formActions}>
          <Button variant="primary" type="submit" disabled={name === ''} busy={setting.isBusy}>
            {moved ? t('versions.alias_move') : t('versions.alias_set')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
