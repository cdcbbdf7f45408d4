import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { query } from '../../api';
import { VersionChoicesDocument } from '../../api/operations';
import { Combobox, Field } from '../../ui';

/** Choose a version of a model; the server searches. */
export function VersionChoice({
  project,
  model,
  label,
  value,
  onChange,
  without,
  error,
  required,
}: {
  readonly project: string;
  readonly model: string;
  readonly label: string;
  readonly value: string;
  readonly onChange: (version: string) => void;
  /** The version that cannot be chosen. */
  readonly without?: string;
  readonly error?: string | undefined;
  readonly required?: false;
}) {
  const [search, setSearch] = useState('');
  // What is chosen is shown without asking for the others.
  const [isOpened, setIsOpened] = useState(false);
  const choices = useQuery({
    ...query(VersionChoicesDocument, { project, model, search }),
    enabled: isOpened,
    placeholderData: keepPreviousData,
  });
  const versions = (choices.data?.model?.versions.nodes ?? []).map(({ version }) => version);
  // What is chosen is among the choices, also where it is not among the first ones.
  const all = versions.includes(value) || value === '' ? versions : [value, ...versions];
  return (
    <div onFocus={() => setIsOpened(true)} onPointerEnter={() => setIsOpened(true)}>
      <Field label={label} error={error} required={required}>
        <Combobox
          items={all.filter((version) => version !== without).map((version) => ({ value: version, label: version }))}
          value={value === '' ? null : value}
          onChange={(chosen) => onChange(chosen ?? '')}
          onSearch={setSearch}
        />
      </Field>
    </div>
  );
}
