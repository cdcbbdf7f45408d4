import { FlaskConical } from 'lucide-react';
import { useState } from 'react';
import { useT } from '../../i18n';
import { Button, Checkbox, Dialog, TextInput } from '../../ui';
import styles from './table/ColumnChooser.module.css';

interface Props {
  readonly experiments: readonly { readonly number: number; readonly name: string }[];
  /** Their numbers; all, if there are none. */
  readonly chosen: readonly number[] | undefined;
  readonly onChoose: (numbers: number[] | undefined) => void;
}

/** The experiments whose candidates a table shows. */
export function ExperimentChoice({ experiments, chosen, onChoose }: Props) {
  const t = useT();
  const [isOpen, setOpen] = useState(false);
  const [text, setText] = useState('');
  const isChosen = (number: number) => chosen?.includes(number) ?? false;
  const toggle = (number: number) => {
    const next = isChosen(number) ? (chosen ?? []).filter((one) => one !== number) : [...(chosen ?? []), number];
    onChoose(next.length === 0 ? undefined : next);
  };
  return (
    <>
      <Button variant="secondary" icon={<FlaskConical size={15} aria-hidden />} onClick={() => setOpen(true)}>
        {t('candidates.choose_experiments')}
      </Button>
      {isOpen && (
        <Dialog
          open
          onClose={() => setOpen(false)}
          title={t('candidates.choose_experiments')}
          footer={
            <Button variant="quiet" disabled={chosen === undefined} onClick={() => onChoose(undefined)}>
              {t('candidates.all_experiments')}
            </Button>
          }
        >
          <div className={styles.half}>
            <TextInput value={text} aria-label={t('experiments.search')} placeholder={t('experiments.search')} onChange={(event) => setText(event.currentTarget.value)} />
            <div className={styles.scroll}>
              <div className={styles.group}>
                {experiments
                  .filter(({ name }) => name.toLowerCase().includes(text.toLowerCase()))
                  .map(({ number, name }) => (
                    <Checkbox key={number} checked={isChosen(number)} onChange={() => toggle(number)} label={name} />
                  ))}
              </div>
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}
