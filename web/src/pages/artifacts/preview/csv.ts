/** What of a table is shown. */
export const ROWS = 500;
export const COLUMNS = 200;

/** The first rows of a text with separated values (RFC 4180); the separator is found by the first line. */
export function rowsOf(text: string, separator = separatorOf(text), most = ROWS + 1): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = '';
  let isQuoted = false;
  for (let at = 0; at < text.length && rows.length < most; at += 1) {
    const each = text.charAt(at);
    if (isQuoted) {
      if (each !== '"') field += each;
      else if (text[at + 1] === '"') field += text.charAt((at += 1));
      else isQuoted = false;
    } else if (each === '"' && field === '') isQuoted = true;
    else if (each === separator) {
      row.push(field);
      field = '';
    } else if (each === '\n' || each === '\r') {
      if (each === '\r' && text[at + 1] === '\n') at += 1;
      rows.push([...row, field]);
      row = [];
      field = '';
    } else field += each;
  }
  if (rows.length < most && (field !== '' || row.length > 0)) rows.push([...row, field]);
  return rows;
}

function separatorOf(text: string): string {
  const [line = ''] = text.split(/[\r\n]/, 1);
  const count = (separator: string) => line.split(separator).length;
  return [',', '\t', ';', '|'].reduce((best, each) => (count(each) > count(best) ? each : best), ',');
}
