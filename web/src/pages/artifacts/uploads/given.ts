import type { GivenFile } from './upload';

/**
 * All files that were dropped, with their paths below what was dropped.
 *
 * Entries have to be taken before anything is awaited: the list of what was dropped is empty afterwards.
 */
export async function filesOfDrop(dropped: DataTransfer): Promise<GivenFile[]> {
  const items = [...dropped.items].filter(({ kind }) => kind === 'file');
  const taken = items.map((item) => ({
    entry: item.webkitGetAsEntry(),
    file: item.getAsFile(),
    handle: handleOf(item),
  }));
  const given: GivenFile[] = [];
  for (const { entry, file, handle } of taken) {
    if (entry && isFolder(entry)) {
      for await (const each of walk(entry, entry.name)) given.push(each);
    } else if (file) {
      const opened = await handle;
      given.push({ path: file.name, file, ...(opened instanceof FileSystemFileHandle ? { handle: opened } : {}) });
    }
  }
  return given;
}

/** The files of a picker; those of a folder begin with its name. */
export function filesOfPicker(files: Iterable<File>): GivenFile[] {
  return [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

async function* walk(folder: FileSystemDirectoryEntry, path: string): AsyncGenerator<GivenFile> {
  const reader = folder.createReader();
  for (;;) {
    // At most a hundred come at once; an empty answer is the last.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return;
    for (const entry of entries) {
      if (isFolder(entry)) yield* walk(entry, `${path}/${entry.name}`);
      else if (isFile(entry)) {
        const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
        yield { path: `${path}/${entry.name}`, file };
      }
    }
  }
}

/** A folder as it was typed, without what no path can have; the server says what else is wrong with it. */
export function folderOf(typed: string): string {
  return typed.split('/').map((part) => part.trim()).filter((part) => part !== '').join('/');
}

/** Files that systems put into folders by themselves, and that are not meant to be published. */
export function isLitter(path: string): boolean {
  return /(?:^|\/)(?:\.DS_Store|Thumbs\.db|desktop\.ini)$/.test(path);
}

/** What opens the file again later; Chromium alone has that. */
async function handleOf(item: DataTransferItem & { getAsFileSystemHandle?: () => Promise<FileSystemHandle | null> }) {
  try {
    return (await item.getAsFileSystemHandle?.()) ?? null;
  } catch {
    return null;
  }
}
