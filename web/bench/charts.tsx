// A page that shows one chart of made-up data, for `python -m bench.web.charts`:
// charts.html?chart=line&curves=10&points=10000&smoothing=0
import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import { BarChart, BoxPlot, Contour, curveOf, LineChart, ParallelCoordinates, ScatterChart, type Brushes, type Curve } from '../src/charts';
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

const random = (index: number) => Math.abs(Math.sin(index * 12.9898) * 43758.5453) % 1;
const names = (count: number) => Array.from({ length: count }, (_, index) => `run-${String(index).padStart(3, '0')}`);

function Lines() {
  const [curves] = useState(() => Array.from({ length: number('curves', 10) }, (_, index) => curve(index, number('points', 10_000))));
  const axis = given.get('axis');
  return (
    <LineChart
      title="loss"
      curves={curves}
      axis={axis === 'time' || axis === 'relative' ? axis : 'step'}
      smoothing={number('smoothing', 0)}
      outliers={number('outliers', 0)}
      logX={given.has('logX')}
      logY={given.has('logY')}
      height={number('height', 400)}
    />
  );
}

function Points() {
  const [points] = useState(() =>
    names(number('points', 50)).map((name, index) => ({ id: name, name, x: 10 ** (random(index) * 4 - 5), y: random(index + 7) ** 2, shade: random(index + 3) })),
  );
  return <ScatterChart title="accuracy by learning rate" points={points} x={{ label: 'learning rate', log: true }} y={{ label: 'accuracy' }} shadeLabel="loss" />;
}

function Parallel() {
  const [brushes, setBrushes] = useState<Brushes>({});
  const [data] = useState(() => ({
    axes: [
      { id: 'lr', label: 'learning_rate', log: true },
      { id: 'opt', label: 'optimizer', kind: 'words' as const, words: ['adam', 'sgd', 'lion'] },
      { id: 'batch', label: 'batch_size' },
      { id: 'loss', label: 'loss' },
    ],
    items: names(number('points', 50)).map((name, index) => ({
      id: name,
      name,
      values: [10 ** (random(index) * 4 - 5), Math.floor(random(index + 2) * 3), 2 ** Math.floor(4 + random(index + 5) * 6), random(index + 9)],
    })),
  }));
  return <ParallelCoordinates title="All params" {...data} brushes={brushes} onBrushes={setBrushes} />;
}

function Surface() {
  const [points] = useState(() =>
    names(number('points', 50)).map((name, index) => {
      const [x, y] = [random(index), random(index + 7)];
      return { name, x, y, z: Math.sin(x * 5) + Math.cos(y * 4) };
    }),
  );
  return <Contour title="loss over two params" points={points} x={{ label: 'dropout' }} y={{ label: 'momentum' }} label="loss" />;
}

function Boxes() {
  return <BoxPlot title="accuracy by optimizer" label="accuracy" groups={['adam', 'sgd', 'lion'].map((name, group) => ({ name, values: names(30).map((_, index) => random(index + 40 * group) + group * 0.2) }))} />;
}

function Bars() {
  return <BarChart title="accuracy" label="accuracy" items={names(12).map((name, index) => ({ name, value: index === 4 ? Number.NaN : random(index) - 0.2 }))} />;
}

const charts = { line: Lines, scatter: Points, parallel: Parallel, contour: Surface, box: Boxes, bar: Bars };

await startLanguage();
const root = document.getElementById('root');
const Chart = Object.entries(charts).find(([name]) => name === (given.get('chart') ?? 'line'))?.[1];
if (root !== null && Chart !== undefined) createRoot(root).render(<Chart />);
