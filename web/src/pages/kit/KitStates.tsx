import { Plus } from 'lucide-react';
import { Failure, type FailureKind } from '../../api/failure';
import { Button, Card, Empty, Problem, ProgressBar, Section, Skeleton, Snippet, Spinner } from '../../ui';
import styles from './KitPage.module.css';

const KINDS: readonly FailureKind[] = [
  'offline', 'unauthenticated', 'forbidden', 'notFound', 'overQuota', 'busy', 'upgrading', 'invalid', 'unknown',
];

export function KitStates() {
  const again = () => undefined;
  return (
    <>
      <Section title="Nothing yet">
        <Card>
          <Empty
            title="No models yet"
            action={
              <Button variant="primary" icon={<Plus />}>
                New model
              </Button>
            }
            snippet={<Snippet tabs={[{ label: 'MLflow', text: 'mlflow.register_model("runs:/…/model", "resnet")' }, { label: 'CLI', text: 'modelyard push resnet' }]} />}
          >
            A model gathers the versions of one thing that is trained again and again.
          </Empty>
        </Card>
      </Section>
      <Section title="Under way">
        <div className={styles.grid}>
          <Card>
            <Skeleton rows={5} />
          </Card>
          <Card>
            <ProgressBar value={42} label="weights.safetensors" />
            <ProgressBar value={100} label="Done" tone="good" />
            <ProgressBar value={null} label="Looking for what can be freed" />
          </Card>
          <Card>
            <Spinner label="Loading" />
          </Card>
        </div>
      </Section>
      <Section title="Problems">
        <Problem inline failure={new Failure('invalid', 'The filter ends too soon.', 'INVALID')} onRetry={again} />
        <div className={styles.grid}>
          {KINDS.map((kind) => (
            <Card key={kind}>
              <Problem failure={new Failure(kind, 'What the server said.', 'CODE', 3, 'req_01h8')} onRetry={again} />
            </Card>
          ))}
        </div>
      </Section>
    </>
  );
}
