import { Refused } from '../../../api';
import { isSame, type FileOwner } from '../owner';
import { hashOf } from './hashing';
import { forget, keep } from './journal';
import { isAgain, newUpload, record } from './made';
import { abort, BATCH, begin, complete, missing, patiently, states, type Announced, type WithParts } from './server';
import { PartRefused, sendPart } from './sending';
import { isMoving, needsPage, type GivenFile, type Phase, type Upload } from './upload';

/** Browsers open six connections to one server; some are left for the pages. */
const PARTS_AT_ONCE = 4;
const HASHED_AT_ONCE = 2;
const TELL_MILLISECONDS = 100;
const POLL_MILLISECONDS = 1_000;

/** All uploads of this tab. They go on while other pages are looked at. */
export class Uploads {
  #all: Upload[] = [];
  #shown: readonly Readonly<Upload>[] = [];
  readonly #listeners = new Set<() => void>();
  #telling: number | undefined;
  #polling: number | undefined;
  #sending = 0;
  #isAnnouncing = false;
  #isCompleting = false;

  /** @param onStored Hears whose files have changed. */
  constructor(private readonly onStored: (owner: FileOwner) => void) {
    window.addEventListener('beforeunload', (event) => {
      if (this.#all.some(needsPage)) event.preventDefault();
    });
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** All uploads as they were last told; a new list whenever something has changed. */
  readonly shown = (): readonly Readonly<Upload>[] => this.#shown;

  /** Begin to send files; those of an interrupted upload go on with it. */
  add(owner: FileOwner, given: readonly GivenFile[]): void {
    const added: Upload[] = [];
    for (const { path, file, handle } of given) {
      const earlier = this.#all.find((one) => isSame(one.owner, owner) && isAgain(one, path, file));
      if (earlier) this.#goOn(earlier, file, handle);
      else if (!this.#all.some((one) => isMoving(one) && isSame(one.owner, owner) && one.path === path)) {
        added.push(newUpload(owner, path, file.size, file.lastModified, file, handle));
      }
    }
    this.#all = [...this.#all.filter((one) => !added.some(({ path, owner: its }) => one.path === path && isSame(one.owner, its))), ...added];
    void keep(added.map(record));
    this.#step();
  }

  /** Take in what an earlier load of the page has begun. */
  restore(uploads: readonly Upload[]): void {
    this.#all = [...this.#all, ...uploads.filter(({ key }) => !this.#all.some((one) => one.key === key))];
    this.#step();
  }

  /** Give uploads up: what has arrived is freed. */
  async cancel(keys: readonly string[]): Promise<void> {
    const given = this.#all.filter(({ key }) => keys.includes(key));
    for (const upload of given) upload.stop.abort(new DOMException('', 'AbortError'));
    this.#drop(keys);
    const begun = given.filter(({ phase }) => phase !== 'done').flatMap(({ id }) => id ?? []);
    // What the server does not hear of ends by itself when its time has run out.
    await abort(begun).catch(() => undefined);
  }

  /** Try again what has failed. */
  retry(keys: readonly string[]): void {
    for (const upload of this.#all) {
      if (upload.phase !== 'failed' || !keys.includes(upload.key) || !upload.file) continue;
      upload.problem = undefined;
      if (upload.id === undefined) upload.phase = 'waiting';
      else void this.#refresh(upload);
    }
    this.#step();
  }

  /** Show what is done no longer. */
  clear(owner: FileOwner): void {
    this.#drop(this.#all.filter((one) => one.phase === 'done' && isSame(one.owner, owner)).map(({ key }) => key));
  }

  #drop(keys: readonly string[]): void {
    this.#all = this.#all.filter(({ key }) => !keys.includes(key));
    void forget(keys);
    this.#step();
  }

  #goOn(upload: Upload, file: File, handle: FileSystemFileHandle | undefined): void {
    upload.file = file;
    upload.handle = handle ?? upload.handle;
    upload.problem = undefined;
    upload.phase = upload.id === undefined ? 'waiting' : 'sending';
    void keep([record(upload)]);
    if (upload.id !== undefined) void this.#refresh(upload);
  }

  /** Begin whatever can begin now, and tell what has changed. */
  #step(): void {
    this.#hash();
    void this.#announce();
    this.#send();
    void this.#complete();
    if (this.#all.some(({ phase }) => phase === 'verifying')) this.#poll();
    this.#telling ??= window.setTimeout(() => {
      this.#telling = undefined;
      this.#shown = this.#all.map((upload) => ({ ...upload }));
      for (const listener of this.#listeners) listener();
    }, TELL_MILLISECONDS);
  }

  #of(phase: Phase): Upload[] {
    return this.#all.filter((upload) => upload.phase === phase);
  }

  #hash(): void {
    const free = HASHED_AT_ONCE - this.#of('hashing').length;
    for (const upload of this.#of('waiting').slice(0, Math.max(free, 0))) {
      if (!upload.file) continue;
      upload.phase = 'hashing';
      const told = () => this.#step();
      hashOf(upload.key, upload.file, upload.stop.signal, told).then(
        (sha256) => {
          upload.sha256 = sha256 ?? undefined;
          this.#turn(upload, 'announcing');
        },
        (error: unknown) => this.#fail(upload, error),
      );
    }
  }

  /** One request at a time: what is hashed meanwhile goes with the next. */
  async #announce(): Promise<void> {
    const [first] = this.#of('announcing');
    if (this.#isAnnouncing || !first) return;
    this.#isAnnouncing = true;
    const batch = this.#of('announcing').filter(({ owner }) => isSame(owner, first.owner)).slice(0, BATCH);
    try {
      const announced = await begin(batch);
      batch.forEach((upload, index) => {
        const answer = announced[index];
        if (answer) this.#take(upload, answer);
        if (upload.stop.signal.aborted && upload.id !== undefined) void abort([upload.id]);
      });
      void keep(batch.filter((one) => isMoving(one) && this.#all.includes(one)).map(record));
    } catch (error) {
      this.#refused(batch, error);
    } finally {
      this.#isAnnouncing = false;
      this.#step();
    }
  }

  /** All or none are announced: one that is refused for itself does not take the others along. */
  #refused(batch: readonly Upload[], error: unknown): void {
    const named = error instanceof Refused ? error.errors.filter(({ field }) => /(?:^|\.)files\.\d+/.test(field ?? '')) : [];
    for (const { field, message } of named) {
      const upload = batch[Number(/files\.(\d+)/.exec(field ?? '')?.[1])];
      if (upload) this.#fail(upload, new Error(message));
    }
    if (named.length === 0) for (const upload of batch) this.#fail(upload, error);
  }

  /** What the server says of an upload that was announced. */
  #take(upload: Upload, answer: Announced | WithParts): void {
    upload.id = answer.id;
    if ('parts' in answer) {
      upload.parts = answer.parts.filter(({ number }) => !upload.moving.has(number));
      upload.hasMore = answer.partCount > upload.parts.length && upload.parts.length === BATCH;
      const open = upload.parts.reduce((sum, { size }) => sum + size, 0);
      upload.arrived = upload.hasMore ? Math.min(upload.arrived, upload.size) : Math.max(upload.size - open, 0);
    }
    if (answer.status === 'READY') this.#stored(upload);
    else if (answer.status === 'VERIFYING') this.#turn(upload, 'verifying');
    else if (answer.status !== 'OPEN') this.#fail(upload, new Error(answer.statusReason ?? answer.status));
    else this.#turn(upload, upload.parts.length > 0 || upload.moving.size > 0 ? 'sending' : 'completing');
  }

  #send(): void {
    for (const upload of this.#of('sending')) {
      while (this.#sending < PARTS_AT_ONCE && upload.file && upload.parts.length > 0) void this.#sendNext(upload, upload.file);
    }
  }

  async #sendNext(upload: Upload, file: File): Promise<void> {
    const part = upload.parts.shift();
    if (!part) return;
    this.#sending += 1;
    upload.moving.set(part.number, 0);
    const told = (bytes: number) => {
      upload.moving.set(part.number, Math.min(bytes, part.size));
      this.#progress(upload);
    };
    try {
      await patiently(() => sendPart(file, part, upload.stop.signal, told), upload.stop.signal);
      upload.arrived += part.size;
      upload.moving.delete(part.number);
      if (upload.phase === 'sending' && upload.parts.length === 0 && upload.moving.size === 0) {
        if (upload.hasMore) void this.#refresh(upload);
        else this.#turn(upload, 'completing');
      }
    } catch (error) {
      upload.moving.delete(part.number);
      upload.parts.unshift(part);
      this.#fail(upload, error);
    } finally {
      this.#sending -= 1;
      this.#progress(upload);
    }
  }

  #progress(upload: Upload): void {
    upload.sent = upload.arrived + [...upload.moving.values()].reduce((sum, bytes) => sum + bytes, 0);
    this.#step();
  }

  /** Ask what has not arrived, with new addresses. */
  async #refresh(upload: Upload): Promise<void> {
    if (upload.id === undefined) return;
    try {
      const [answer] = await missing([upload.id]);
      if (answer) this.#take(upload, answer);
      else {
        // Forgotten meanwhile: it is announced anew.
        Object.assign(upload, { id: undefined, arrived: 0, parts: [], phase: 'waiting' satisfies Phase });
      }
      this.#progress(upload);
    } catch (error) {
      this.#fail(upload, error);
    }
  }

  async #complete(): Promise<void> {
    const [first] = this.#of('completing');
    if (this.#isCompleting || !first) return;
    this.#isCompleting = true;
    const batch = this.#of('completing').filter(({ owner }) => isSame(owner, first.owner)).slice(0, BATCH);
    for (const upload of batch) upload.sent = upload.size;
    try {
      const answers = await complete(batch.flatMap(({ id }) => id ?? []));
      for (const answer of answers) {
        const upload = batch.find(({ id }) => id === answer.id);
        if (upload) this.#take(upload, answer);
      }
    } catch (error) {
      const isMissing = error instanceof Refused && error.errors.some(({ code }) => code === 'PARTS_MISSING');
      for (const upload of batch) isMissing ? void this.#refresh(upload) : this.#fail(upload, error);
    } finally {
      this.#isCompleting = false;
      this.#step();
    }
  }

  #poll(): void {
    this.#polling ??= window.setTimeout(() => void this.#look(), POLL_MILLISECONDS);
  }

  async #look(): Promise<void> {
    const batch = this.#of('verifying').slice(0, BATCH);
    try {
      const answers = await states(batch.flatMap(({ id }) => id ?? []));
      batch.forEach((upload, index) => {
        const answer = answers[index];
        if (answer === null || answer?.status === 'READY') this.#stored(upload);
        else if (answer && answer.status !== 'VERIFYING') this.#take(upload, answer);
      });
    } catch (error) {
      for (const upload of batch) this.#fail(upload, error);
    } finally {
      this.#polling = undefined;
      this.#step();
    }
  }

  #turn(upload: Upload, phase: Phase): void {
    upload.phase = phase;
    this.#step();
  }

  #stored(upload: Upload): void {
    upload.sent = upload.size;
    upload.file = undefined;
    void forget([upload.key]);
    this.#turn(upload, 'done');
    this.onStored(upload.owner);
  }

  #fail(upload: Upload, error: unknown): void {
    if (upload.stop.signal.aborted) return;
    // An address that ended is asked for again by a retry.
    upload.problem = error instanceof PartRefused || error instanceof Error ? error.message : String(error);
    this.#turn(upload, 'failed');
  }
}
