import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { asFailure } from '../../../api';
import { useT } from '../../../i18n';
import { Button, Problem } from '../../../ui';
import { UNASKED_BYTES } from './content';
import type { PreviewProps } from './details';
import { Facts } from './FactsPreview';
import styles from './Preview.module.css';
import { allTensors, listedTensors, LONGEST_HEADER, tensorCount, type Tensor } from './tensors';
import { TensorTable } from './TensorTable';

/** What is in a file of weights: what the server has found, and all tensors by the header of the file. */
export function TensorsPreview({ file }: PreviewProps) {
  const t = useT();
  const listed = listedTensors(file);
  const count = tensorCount(file);
  const isWhole = count !== null && listed.length >= count;
  // What the server does not list is read from the beginning of the file: of GGUF it lists none.
  const [most, setMost] = useState(listed.length === 0 ? UNASKED_BYTES : 0);
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ['Tensors', file.id, file.sha256, most],
    queryFn: ({ signal }) => allTensors(file, most, signal),
    enabled: most > 0 && file.downloadUrl !== null && !isWhole,
    // A file that is not what it says does not become so.
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const tensors: readonly Tensor[] = data ?? listed;
  return (
    <>
      <Facts file={file} without={['tensors']} />
      {tensors.length > 0 && <TensorTable tensors={tensors} />}
      {error && <Problem failure={asFailure(error)} onRetry={() => void refetch()} />}
      {!isWhole && !data && file.downloadUrl !== null && (
        <p className={styles.more}>
          <Button size="s" busy={isFetching} onClick={() => setMost(LONGEST_HEADER)}>
            {t('artifacts.all_tensors', { count: count ?? 0 })}
          </Button>
        </p>
      )}
    </>
  );
}
