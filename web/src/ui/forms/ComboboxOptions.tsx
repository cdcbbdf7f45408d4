import { Combobox as Base } from '@base-ui/react/combobox';
import { Check } from 'lucide-react';
import { useT } from '../../i18n';
import { classes } from '../classes';
import overlay from '../overlays/overlay.module.css';
import options from './options.module.css';
import type { Option } from './Select';

/** The list of both kinds of combobox. */
export function ComboboxOptions({ items, loading }: { readonly items: readonly Option[]; readonly loading?: boolean | undefined }) {
  const t = useT();
  const found = new Map(items.map((item) => [item.value, item]));
  return (
    <Base.Portal>
      <Base.Positioner className={overlay.positioner} sideOffset={4} collisionPadding={8}>
        <Base.Popup className={classes(overlay.popup, options.popup)}>
          <Base.Empty className={options.none}>{loading ? t('ui.loading') : t('ui.nothing_matches')}</Base.Empty>
          <Base.List className={options.list}>
            {(value: string) => {
              const item = found.get(value);
              return (
                <Base.Item key={value} value={value} disabled={item?.disabled} className={overlay.item}>
                  <span className={options.check}>
                    <Base.ItemIndicator>
                      <Check />
                    </Base.ItemIndicator>
                  </span>
                  <span className={options.label}>{item?.label ?? value}</span>
                  {item?.hint !== undefined && <span className={options.hint}>{item.hint}</span>}
                </Base.Item>
              );
            }}
          </Base.List>
        </Base.Popup>
      </Base.Positioner>
    </Base.Portal>
  );
}
