import { Download, Plus, Settings, Trash2 } from 'lucide-react';
import { useState } from 'react';
import {
  AliasChip, Button, ButtonLink, Bytes, Card, Chip, CopyButton, Count, Digest, Duration, IconButton, Kbd, MetricValue, Person, Section,
  Segmented, StageChip, StatusChip, TextLink, Time,
} from '../../ui';
import { STATUSES } from '../../ui/chips/statuses';
import styles from './KitPage.module.css';

const VARIANTS = ['primary', 'secondary', 'quiet', 'danger'] as const;
const TONES = ['neutral', 'info', 'good', 'warn', 'bad', 'accent'] as const;
const METRICS = [0.912345678, 0, 1e-7, 123456789012, -0.5, 'NaN', 'Infinity', '-Infinity', null];
const NAMES = ['Ada Lovelace', 'minji', '김민지', '이순신', 'ci-bot', 'Grace Brewster Murray Hopper with a long name'];

export function KitActions() {
  const [shown, setShown] = useState<'list' | 'cards' | 'graph'>('list');
  return (
    <>
      <Section title="Buttons" actions={<Button size="s" icon={<Plus />}>New</Button>}>
        {([{}, { size: 's' }, { icon: <Download /> }, { busy: true }, { disabled: true }] as const).map((props, at) => (
          <div key={at} className={styles.row}>
            {VARIANTS.map((variant) => (
              <Button key={variant} variant={variant} {...props}>
                {variant}
              </Button>
            ))}
            <IconButton icon={<Settings />} label="Settings" {...props} />
          </div>
        ))}
        <div className={styles.row}>
          <ButtonLink to="/">A link</ButtonLink>
          <ButtonLink to="/" variant="primary" icon={<Plus />}>
            A link
          </ButtonLink>
          <TextLink to="/">A text link</TextLink>
          <TextLink to="/" look="strong">
            A strong link
          </TextLink>
          <CopyButton text="copied" />
          <CopyButton text="copied" withText label="Copy address" />
          <IconButton icon={<Trash2 />} label="Delete" variant="danger" />
          <Segmented
            items={[{ value: 'list', label: 'List' }, { value: 'cards', label: 'Cards' }, { value: 'graph', label: 'Graph' }]}
            value={shown}
            onChange={setShown}
            label="View"
          />
        </div>
      </Section>
      <Section title="Chips">
        <div className={styles.row}>
          {TONES.map((tone) => (
            <Chip key={tone} tone={tone}>
              {tone}
            </Chip>
          ))}
          <StageChip name="Production" />
          <StageChip name="Staging" />
          <StageChip name="Archived" />
          <AliasChip name="champion" />
        </div>
        <div className={styles.row}>
          {Object.keys(STATUSES).map((status) => (
            <StatusChip key={status} status={status} />
          ))}
          <StatusChip status="NEWER_THAN_THE_PAGE" />
        </div>
      </Section>
      <Section title="Values">
        <div className={styles.row}>
          {METRICS.map((value) => (
            <Card key={String(value)}>
              <MetricValue value={value} />
            </Card>
          ))}
        </div>
        <div className={styles.row}>
          {NAMES.map((name) => (
            <Person key={name} user={{ name, username: name }} />
          ))}
          <Person user={{ name: 'Ada Lovelace', username: 'ada' }} short />
          <Person user={null} />
        </div>
        <div className={styles.row}>
          <Time at={new Date().toISOString()} />
          <Time at={new Date(Date.now() - 3 * 3_600_000).toISOString()} />
          <Time at="2024-02-29T12:00:00Z" />
          <Time at="2024-02-29T12:00:00Z" withTime />
          <Duration seconds={0.25} />
          <Duration seconds={75} />
          <Duration seconds={90_000} />
          <Bytes value={0} />
          <Bytes value={1_500} />
          <Bytes value={314_572_800} />
          <Count value={1_234_567} />
          <Digest value="sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" />
          <Kbd>G</Kbd>
        </div>
      </Section>
    </>
  );
}
