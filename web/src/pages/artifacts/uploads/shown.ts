import type { Upload } from './upload';

const TELL_MILLISECONDS = 100;

/** What is shown of uploads: a new list of copies whenever something has changed, ten times a second at most. */
export class Shown {
  #shown: readonly Readonly<Upload>[] = [];
  readonly #listeners = new Set<() => void>();
  #telling: number | undefined;

  constructor(private readonly all: () => readonly Upload[]) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly get = (): readonly Readonly<Upload>[] => this.#shown;

  tell(): void {
    this.#telling ??= window.setTimeout(() => {
      this.#telling = undefined;
      this.#shown = this.all().map((upload) => ({ ...upload }));
      for (const listener of this.#listeners) listener();
    }, TELL_MILLISECONDS);
  }
}
