import type { GivenFile, Upload } from './upload';

interface Permitted {
  requestPermission?: (options: { readonly mode: 'read' }) => Promise<PermissionState>;
}

/** The files of interrupted uploads that the browser can open again; it asks the person whether it may. */
export async function reopened(uploads: readonly Readonly<Upload>[]): Promise<readonly GivenFile[]> {
  const given: GivenFile[] = [];
  for (const { handle, path, phase, size, modified } of uploads) {
    if (phase !== 'interrupted' || !handle) continue;
    const asking: FileSystemFileHandle & Permitted = handle;
    try {
      if ((await asking.requestPermission?.({ mode: 'read' })) !== 'granted') return given;
      const file = await handle.getFile();
      // Another file under the same name is not what was begun.
      if (file.size === size && file.lastModified === modified) given.push({ path, file, handle });
    } catch {
      // Moved or deleted: it has to be given again.
    }
  }
  return given;
}
