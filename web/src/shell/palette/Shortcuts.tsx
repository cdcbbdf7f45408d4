import { useT } from '../../i18n';
import { Dialog, Kbd } from '../../ui';
import { useCurrent } from '../current';
import { isShown, PROJECT_NAVIGATION } from '../navigation';
import { openPalette } from './open';
import styles from './Shortcuts.module.css';

/** All keys that work everywhere. */
export function Shortcuts() {
  const t = useT();
  const { project } = useCurrent();
  const mac = navigator.platform.startsWith('Mac');
  const items = PROJECT_NAVIGATION.flatMap((group) => group.items);
  const keys: readonly (readonly [string, string])[] = [
    [mac ? '⌘ K' : 'Ctrl K', t('shell.palette')],
    ['/', t('shell.search')],
    ['?', t('shell.shortcuts')],
    ['g h', t('shell.to_home')],
    ...items
      .filter((item) => project !== null && isShown(item, project))
      .flatMap((item): [string, string][] => (item.key === undefined ? [] : [[`g ${item.key}`, t(item.label)]])),
    ['Esc', t('shell.key_close')],
  ];
  return (
    <Dialog open onClose={() => openPalette(null)} title={t('shell.shortcuts')} size="s">
      <dl className={styles.keys}>
        {keys.map(([key, meaning]) => (
          <div key={key} className={styles.key}>
            <dt>{meaning}</dt>
            <dd>
              <Kbd>{key}</Kbd>
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
