import { lazily } from '../lazily';
import { FirstUse } from './FirstUse';
import type { MenuProps } from './MenuPopup';

export type { MenuEntry, MenuItem, MenuProps } from './MenuPopup';

const popup = lazily(async () => (await import('./MenuPopup')).MenuPopup);

/** Things to do, behind a button. */
export function Menu(props: MenuProps) {
  return <FirstUse popup={popup} kind="menu" given={props} />;
}
