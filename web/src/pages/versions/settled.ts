import { useEffect, useState } from 'react';

const PAUSE_MILLISECONDS = 250;

/** A value once it has not changed for a quarter of a second, so that not every letter is asked about. */
export function useSettled<Value>(value: Value): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(value), PAUSE_MILLISECONDS);
    return () => window.clearTimeout(timer);
  }, [value]);
  return settled;
}
