import { useEffect, useState } from 'react';
import type { Later } from '../lazily';

/** Milliseconds after the first page at which what is not needed for it is loaded. */
const LATER = 2_500;

/** Whether something may be drawn that is loaded by itself, after the page. */
export function useLater<Props>({ load }: Later<Props>): boolean {
  const [isHere, setIsHere] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => void load().then(() => setIsHere(true), () => undefined), LATER);
    return () => clearTimeout(timer);
  }, [load]);
  return isHere;
}
