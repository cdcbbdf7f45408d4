import { useState } from 'react';
import {
  Checkbox, Combobox, Field, FilterBar, MarkdownEditor, NumberInput, RadioCards, SearchInput, Section, Select, Switch, TextArea, TextInput,
} from '../../ui';
import styles from './KitPage.module.css';

const FRUITS = ['accuracy', 'auc', 'f1', 'latency_ms', 'loss', 'precision', 'recall', 'rmse'].map((value) => ({ value, label: value }));
const BUMPS = [
  { value: 'major', label: 'Major', hint: 'Callers have to change: other inputs or outputs.' },
  { value: 'minor', label: 'Minor', hint: 'Better, and callers need not change.' },
  { value: 'patch', label: 'Patch', hint: 'The same model, mended.', disabled: true },
];

export function KitForms() {
  const [text, setText] = useState('');
  const [search, setSearch] = useState('');
  const [number, setNumber] = useState<number | null>(3);
  const [one, setOne] = useState<string | null>('auc');
  const [many, setMany] = useState<string[]>(['loss', 'recall']);
  const [order, setOrder] = useState<string>('auc');
  const [isOn, setIsOn] = useState(true);
  const [bump, setBump] = useState('minor');
  const [markdown, setMarkdown] = useState('# Weld defects\n\n- [x] tested\n- **bold** and `code`\n\n![elsewhere](https://example.com/a.png)');
  return (
    <>
      <Section title="Filter bar">
        <FilterBar
          search={<SearchInput value={search} onChange={setSearch} placeholder="Search models" isMain />}
          actions={<Select compact items={FRUITS} value={order} onChange={setOrder} aria-label="Order" />}
        >
          <Switch checked={isOn} onChange={setIsOn} label="Only mine" />
        </FilterBar>
      </Section>
      <Section title="Fields">
        <div className={styles.grid}>
          <Field label="Name" hint="Letters, digits, dots and dashes.">
            <TextInput value={text} placeholder="resnet" onChange={(event) => setText(event.target.value)} />
          </Field>
          <Field label="Version" error="1.4 is no version: it needs three numbers, as in 1.4.0.">
            <TextInput value="1.4" mono readOnly />
          </Field>
          <Field label="Note" required={false} disabled>
            <TextInput value="Cannot be changed" />
          </Field>
          <Field label="Approvals needed">
            <NumberInput value={number} onChange={setNumber} min={0} max={9} unit="people" />
          </Field>
          <Field label="Metric">
            <Select items={FRUITS} value={order} onChange={setOrder} />
          </Field>
          <Field label="Metric to search">
            <Combobox items={FRUITS} value={one} onChange={setOne} allowNew placeholder="Any metric" />
          </Field>
          <Field label="Metrics">
            <Combobox multiple items={FRUITS} value={many} onChange={setMany} allowNew />
          </Field>
          <Field label="Reason" error="Say why.">
            <TextArea rows={2} />
          </Field>
        </div>
        <div className={styles.row}>
          <Checkbox checked={isOn} onChange={setIsOn} label="Checked" hint="With a hint" />
          <Checkbox checked={false} mixed onChange={setIsOn} label="Mixed" />
          <Checkbox checked={false} onChange={setIsOn} label="Not checked" />
          <Checkbox checked disabled onChange={setIsOn} label="Disabled" />
          <Switch checked={isOn} onChange={setIsOn} label="On or off" />
          <Switch checked={false} disabled onChange={setIsOn} label="Disabled" />
        </div>
        <Field label="Kind of change">
          <RadioCards items={BUMPS} value={bump} onChange={setBump} />
        </Field>
        <Field label="Description">
          <MarkdownEditor value={markdown} onChange={setMarkdown} name="description" />
        </Field>
      </Section>
    </>
  );
}
