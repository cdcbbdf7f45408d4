import type { Cell, Output } from './notebook';
import styles from './Preview.module.css';
import { Sanitised } from './Sanitised';

/** One cell with what it gave. */
export function NotebookCell({ cell }: { readonly cell: Cell }) {
  if (cell.kind === 'markdown') return <Sanitised kind="markdown" text={cell.source} />;
  return (
    <div className={styles.cell}>
      <span className={styles.execution} aria-hidden="true">
        {cell.kind === 'code' ? `[${cell.count ?? ' '}]` : ''}
      </span>
      <pre className={styles.source}>
        <code>{cell.source}</code>
      </pre>
      {cell.outputs.map((output, index) => (
        <div key={index} className={styles.output}>
          <Shown output={output} />
        </div>
      ))}
    </div>
  );
}

function Shown({ output }: { readonly output: Output }) {
  if (output.kind === 'image') return <img src={output.address} alt="" />;
  if (output.kind === 'html' || output.kind === 'markdown') return <Sanitised kind={output.kind} text={output.text} />;
  return <pre data-error={output.kind === 'error' || undefined}>{output.text}</pre>;
}
