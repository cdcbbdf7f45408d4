import { useT } from '../../i18n';
import { Button } from '../../ui';
import { useCondition } from './condition';
import styles from './ConditionBar.module.css';

/** A line above every page while the server cannot be reached, is being upgraded, or has newer pages. */
export function ConditionBar() {
  const t = useT();
  const condition = useCondition();
  return (
    <div role="status">
      {condition !== 'fine' && (
        <div className={styles.bar} data-condition={condition}>
          <strong>{t(`shell.condition_${condition}`)}</strong>
          <span>{t(`shell.condition_${condition}_more`)}</span>
          {condition === 'outdated' && (
            <Button size="s" onClick={() => window.location.reload()}>
              {t('shell.reload')}
            </Button>
          )}
        </div>
      )}
    </div>
  );
}
