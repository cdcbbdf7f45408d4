import { useT } from '../../../i18n';
import { Button, Combobox, Dialog, Field } from '../../../ui';
import type { LoggedKeys } from './columns';

interface Props {
  readonly keys: LoggedKeys;
  readonly group: string | undefined;
  readonly onChoose: (group: string | undefined) => void;
  readonly onClose: () => void;
}

/** The tag or param by whose values rows are put together. */
export function GroupChoice({ keys, group, onChoose, onClose }: Props) {
  const t = useT();
  const items = [
    ...keys.p.map((key) => ({ value: `p.${key}`, label: t('candidates.group_param', { key }) })),
    ...keys.t.map((key) => ({ value: `t.${key}`, label: t('candidates.group_tag', { key }) })),
  ];
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('candidates.group_by')}
      footer={
        <Button variant="quiet" disabled={group === undefined} onClick={() => onChoose(undefined)}>
          {t('candidates.group_not')}
        </Button>
      }
    >
      <Field label={t('candidates.group_key')} hint={t('candidates.group_hint')}>
        <Combobox items={items} value={group ?? null} onChange={(value) => onChoose(value ?? undefined)} />
      </Field>
    </Dialog>
  );
}
