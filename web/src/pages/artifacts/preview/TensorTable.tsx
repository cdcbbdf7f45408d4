import { useState } from 'react';
import { useT } from '../../../i18n';
import { Button } from '../../../ui';
import { Grid } from './Grid';
import styles from './Preview.module.css';
import type { Tensor } from './tensors';

const SHOWN = 500;

/** Names, types and shapes of tensors. */
export function TensorTable({ tensors }: { readonly tensors: readonly Tensor[] }) {
  const t = useT();
  const [most, setMost] = useState(SHOWN);
  const rows = tensors.slice(0, most).map(({ name, type, shape }) => [
    name,
    type,
    shape.length === 0 ? '1' : shape.join(' × '),
    shape.reduce((product, length) => product * length, 1).toLocaleString(),
  ]);
  return (
    <>
      <Grid
        columns={[t('artifacts.tensor'), t('artifacts.type'), t('artifacts.shape'), t('artifacts.parameters')]}
        rows={rows}
        caption={t('artifacts.tensors', { count: tensors.length })}
      />
      {tensors.length > most && (
        <Button size="s" variant="quiet" className={styles.more} onClick={() => setMost(most + 4 * SHOWN)}>
          {t('artifacts.more_entries', { count: tensors.length - most })}
        </Button>
      )}
    </>
  );
}
