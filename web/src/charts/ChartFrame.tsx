import { FileDown, ImageDown, Table2 } from 'lucide-react';
import { useId, useState, type ReactNode, type RefObject } from 'react';
import { useT } from '../i18n';
import { Button } from '../ui';
import styles from './ChartFrame.module.css';
import { DataTable } from './DataTable';
import { useChartColours } from './colours';
import { downloadPicture, type LegendEntry } from './picture';
import type { PlotHandle } from './Plot';
import { downloadTable } from './table';
import type { ChartTable } from './types';

interface ChartFrameProps {
  readonly title: string;
  /** The same as a table, made only when it is shown or saved. */
  readonly table: () => ChartTable;
  /** What PNG pictures are made of. */
  readonly plot: RefObject<PlotHandle | null>;
  readonly entries?: readonly LegendEntry[];
  /** More buttons. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** What every chart has: a title, the same as a table, and files to save. */
export function ChartFrame({ title, table, plot, entries = [], actions, children }: ChartFrameProps) {
  const t = useT();
  const colours = useChartColours();
  const [asTable, setAsTable] = useState(false);
  const id = useId();
  const savePicture = () => {
    const canvas = plot.current?.canvas();
    if (canvas) downloadPicture(canvas, title, entries, colours);
  };
  return (
    <figure className={styles.frame} aria-labelledby={id}>
      <figcaption className={styles.head}>
        <span id={id} className={styles.title} title={title}>
          {title}
        </span>
        <span className={styles.actions}>
          {actions}
          <Button size="s" variant={asTable ? 'secondary' : 'quiet'} icon={<Table2 />} aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
            {t('compare.chart_table')}
          </Button>
          <Button size="s" variant="quiet" icon={<ImageDown />} disabled={asTable} onClick={savePicture}>
            {t('compare.chart_png')}
          </Button>
          <Button size="s" variant="quiet" icon={<FileDown />} onClick={() => downloadTable(table(), title)}>
            {t('compare.chart_csv')}
          </Button>
        </span>
      </figcaption>
      {asTable ? <DataTable table={table()} caption={title} /> : children}
    </figure>
  );
}
