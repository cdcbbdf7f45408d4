/** Ticks of a log axis, ascending: 1 to 9 times the powers of ten; of a short axis even ones. */
export function logTicks(least: number, greatest: number): number[] {
  const ticks: number[] = [];
  if (Math.log10(greatest / least) < 0.7) {
    const step = evenStep(greatest - least);
    for (let tick = Math.ceil(least / step); tick * step <= greatest; tick++) ticks.push(Number((tick * step).toPrecision(12)));
    return ticks;
  }
  for (let power = Math.floor(Math.log10(least)); power <= Math.log10(greatest); power++) {
    for (let factor = 1; factor < 10; factor++) {
      const tick = Number(`${factor}e${power}`);
      if (tick >= least && tick <= greatest) ticks.push(tick);
    }
  }
  return ticks;
}

const MOST_POWERS = 8;

/** Which ticks have their number beside them, for `map`: powers of ten, of a short axis more. */
export function labelled(ticks: readonly number[]): (tick: number) => number | null {
  const decades = Math.log10((ticks.at(-1) ?? 1) / (ticks[0] ?? 1));
  const stride = Math.ceil(decades / MOST_POWERS);
  return (tick) => {
    if (decades < 0.7) return tick;
    const power = Math.floor(Math.log10(tick) + 1e-9);
    const factor = Math.round(tick / 10 ** power);
    const isShown = decades < 2.2 ? [1, 2, 5].includes(factor) : factor === 1 && power % stride === 0;
    return isShown ? tick : null;
  };
}

function evenStep(length: number): number {
  const rough = length / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
}
