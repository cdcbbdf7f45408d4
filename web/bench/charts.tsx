// A page that shows one chart of made-up data, for `python -m bench.web.charts`:
// charts.html?chart=line&curves=10&points=10000&smoothing=0
import { createRoot } from 'react-dom/client';
import { curveOf, LineChart, type Curve } from '../src/charts';
import { startLanguage } from '../src/i18n';
import '../src/styles/tokens.css';
import '../src/styles/base.css';

const given = new URLSearchParams(location.search);
const number = (name: string, usual: number) => Number(given.get(name) ?? usual);

function curve(index: number, points: number): Curve {
  let noise = 0;
  const start = 1.7e12 + index * 60_000;
  return curveOf(
    String(index),
    `run-${String(index).padStart(3, '0')}`,
    Array.from({ length: points }, (_, step) => {
      noise = noise * 0.9 + (Math.sin(step * 12.9898 + index * 78.233) * 43758.5453 % 1) * 0.02;
      const value = 2 * Math.exp(-step / points * (2 + index % 7)) + 0.05 * (index % 5) + noise + (step % 3_331 === 3_330 ? 4 : 0);
      return { step, timestamp: start + step * 900, value: step % 2_503 === 2_502 ? ('NaN' as const) : value };
    }),
  );
}

const curves = Array.from({ length: number('curves', 10) }, (_, index) => curve(index, number('points', 10_000)));

await startLanguage();
const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(
    <LineChart
      title="loss"
      curves={curves}
      axis={given.get('axis') === 'time' ? 'time' : given.get('axis') === 'relative' ? 'relative' : 'step'}
      smoothing={number('smoothing', 0)}
      outliers={number('outliers', 0)}
      logX={given.has('logX')}
      logY={given.has('logY')}
      height={number('height', 400)}
    />,
  );
}
