import { classes } from '../classes';
import styles from './Person.module.css';

export interface PersonProps {
  readonly user: { readonly name: string; readonly username?: string | null | undefined } | null | undefined;
  /** Only the initials; the name is shown when pointed at. */
  readonly short?: boolean | undefined;
}

const TONES = 8;

/** A number of 1 to 8 that is always the same for a name (FNV-1a). */
function tone(name: string): number {
  let hash = 0x811c9dc5;
  for (const character of name) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return (Math.abs(hash) % TONES) + 1;
}

/** Of Latin names two letters; of Korean ones the given name's last syllable says more than the family's. */
function initials(name: string): string {
  const parts = name.trim().split(/[\s._-]+/u).filter(Boolean);
  if (/^\p{Script=Hangul}+$/u.test(parts.join(''))) return parts.join('').slice(-2);
  const letters = [parts[0], parts.length > 1 ? parts[parts.length - 1] : undefined].map((part) => [...(part ?? '')][0] ?? '');
  return letters.join('').toUpperCase() || '?';
}

/** A person or service account by initials and name. */
export function Person({ user, short = false }: PersonProps) {
  if (!user) return <span className={styles.absent}>–</span>;
  const full = user.username && user.username !== user.name ? `${user.name} (${user.username})` : user.name;
  return (
    <span className={styles.person} title={full}>
      <span
        className={classes(styles.initials, styles[`tone${tone(user.username ?? user.name)}`])}
        {...(short ? { role: 'img', 'aria-label': full } : { 'aria-hidden': true })}
      >
        {initials(user.name)}
      </span>
      {!short && <span className={styles.name}>{user.name}</span>}
    </span>
  );
}
