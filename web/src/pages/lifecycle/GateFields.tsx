import { useState } from 'react';
import type { Json } from '../../api/operations';
import { useT } from '../../i18n';
import { Checkbox, Field, Select, TextArea, TextInput } from '../../ui';
import type { ConfigField, GateConfig } from './gate_config';

interface Props {
  readonly fields: readonly ConfigField[];
  readonly config: GateConfig;
  readonly onChange: (config: GateConfig) => void;
}

/** The data of one gate, a field for each key that its kind has. */
export function GateFields({ fields, config, onChange }: Props) {
  return fields.map((field) => (
    <OneField
      key={field.key}
      field={field}
      value={config[field.key] ?? null}
      onChange={(value) => {
        const { [field.key]: _, ...others } = config;
        onChange(value === null ? others : { ...config, [field.key]: value });
      }}
    />
  ));
}

interface FieldProps {
  readonly field: ConfigField;
  readonly value: Json;
  /** Null takes the key away. */
  readonly onChange: (value: Json) => void;
}

function OneField({ field, value, onChange }: FieldProps) {
  const t = useT();
  if (field.kind === 'flag') {
    return <Checkbox checked={value === true} onChange={onChange} label={field.key} />;
  }
  if (field.kind === 'choice') {
    return (
      <Field label={field.key} required={field.isRequired}>
        <Select
          items={field.words.map((word) => ({ value: word, label: word }))}
          value={typeof value === 'string' ? value : (field.words[0] ?? '')}
          onChange={onChange}
        />
      </Field>
    );
  }
  if (field.kind === 'json') return <JsonField field={field} value={value} onChange={onChange} />;
  return (
    <Field
      label={field.key}
      required={field.isRequired}
      hint={field.kind === 'texts' ? t('lifecycle.comma_separated') : undefined}
    >
      <TextInput value={shown(value)} onChange={(event) => onChange(read(field.kind, event.target.value))} />
    </Field>
  );
}

function shown(value: Json): string {
  return Array.isArray(value) ? value.join(', ') : value === null ? '' : String(value);
}

/** What was typed, as JSON; a number that is none yet stays a text, which the server refuses with its place. */
function read(kind: ConfigField['kind'], text: string): Json {
  if (text === '') return null;
  if (kind === 'texts') return text.split(/,\s*/);
  if (kind === 'number') return /^-?\d+(?:\.\d+)?(?:e-?\d+)?$/i.test(text.trim()) ? Number(text) : text;
  return text;
}

function JsonField({ field, value, onChange }: FieldProps) {
  const t = useT();
  const [text, setText] = useState(() => (value === null ? '' : JSON.stringify(value, null, 2)));
  const [isWrong, setWrong] = useState(false);

  function change(next: string) {
    setText(next);
    try {
      onChange(next.trim() === '' ? null : (JSON.parse(next) as Json));
      setWrong(false);
    } catch {
      setWrong(true);
    }
  }

  return (
    <Field
      label={field.key}
      required={field.isRequired}
      hint="JSON"
      error={isWrong ? t('lifecycle.not_json') : undefined}
    >
      <TextArea value={text} onChange={(event) => change(event.target.value)} rows={5} />
    </Field>
  );
}
