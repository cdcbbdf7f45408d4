import { useEffect, useMemo, useRef } from 'react';
import { useT } from '../../../i18n';
import { BOX, layoutOf, type LineageEntry } from './layout';
import { LineageBoxContent } from './LineageBoxContent';
import styles from './lineage.module.css';

/** What a version came from, on the left, and what came of it, on the right. */
export function LineageGraph({
  root,
  upstream,
  downstream,
}: {
  readonly root: { readonly id: string; readonly model: string; readonly version: string };
  readonly upstream: readonly LineageEntry[];
  readonly downstream: readonly LineageEntry[];
}) {
  const t = useT();
  const { boxes, lines, width, height } = useMemo(
    () => layoutOf(root.id, upstream, downstream),
    [root.id, upstream, downstream],
  );
  const box = useRef<HTMLLIElement>(null);
  useEffect(() => {
    // The version itself is seen first, however much came before it.
    const scroller = box.current?.closest('[role=group]');
    if (box.current && scroller) scroller.scrollLeft = box.current.offsetLeft + BOX.width / 2 - scroller.clientWidth / 2;
  }, [boxes]);
  const byId = new Map(boxes.map((box) => [box.id, box]));
  return (
    <div className={styles.scroll} tabIndex={0} role="group" aria-label={t('versions.lineage')}>
      <div className={styles.graph} style={{ width, height }}>
        <svg className={styles.lines} width={width} height={height} aria-hidden="true">
          {lines.map(({ from, to, relation }) => {
            const [start, end] = [byId.get(from), byId.get(to)];
            if (!start || !end) return null;
            const [x1, y1, x2, y2] = [start.x + BOX.width, start.y + BOX.height / 2, end.x, end.y + BOX.height / 2];
            const middle = (x1 + x2) / 2;
            return (
              <g key={`${from} ${to}`}>
                <path className={styles.line} d={`M${x1} ${y1} C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`} />
                <text className={styles.relation} x={middle} y={(y1 + y2) / 2 - 4} textAnchor="middle">
                  {t(`versions.relation_${relation}`)}
                </text>
              </g>
            );
          })}
        </svg>
        <ul className={styles.boxes}>
          {boxes.map(({ id, entry, x, y }) => (
            <li
              key={id}
              ref={entry ? null : box}
              className={entry ? styles.box : styles.root}
              style={{ left: x, top: y, width: BOX.width, height: BOX.height }}
            >
              {entry ? (
                <LineageBoxContent entry={entry} />
              ) : (
                <>
                  <span className={styles.kind}>{t('versions.this_version')}</span>
                  <strong className={styles.label} title={`${root.model} ${root.version}`}>
                    {root.model} {root.version}
                  </strong>
                </>
              )}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
