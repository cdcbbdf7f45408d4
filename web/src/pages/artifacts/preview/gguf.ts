import type { Tensor } from './tensors';

/** Types of tensors by number (gguf 0.19: `GGMLQuantizationType`). */
const TYPES: Readonly<Record<number, string>> = {
  0: 'F32', 1: 'F16', 2: 'Q4_0', 3: 'Q4_1', 6: 'Q5_0', 7: 'Q5_1', 8: 'Q8_0', 9: 'Q8_1', 10: 'Q2_K', 11: 'Q3_K', 12: 'Q4_K',
  13: 'Q5_K', 14: 'Q6_K', 15: 'Q8_K', 16: 'IQ2_XXS', 17: 'IQ2_XS', 18: 'IQ3_XXS', 19: 'IQ1_S', 20: 'IQ4_NL', 21: 'IQ3_S',
  22: 'IQ2_S', 23: 'IQ4_XS', 24: 'I8', 25: 'I16', 26: 'I32', 27: 'I64', 28: 'F64', 29: 'IQ1_M', 30: 'BF16', 34: 'TQ1_0',
  35: 'TQ2_0', 39: 'MXFP4', 40: 'NVFP4', 41: 'Q1_0',
}; // prettier-ignore

/** Bytes of the values of the metadata by their type; 8 is a text, 9 an array. */
const WIDTHS: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };
const TEXT = 8;
const ARRAY = 9;
const MOST = 1_000_000;

/** The bytes end before the header does. */
class Cut extends Error {
  override readonly name = 'Cut';
}

class Reader {
  #at = 0;
  readonly #view: DataView;
  isLittle = true;

  constructor(private readonly bytes: Uint8Array<ArrayBuffer>) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  skip(count: number): number {
    const at = this.#at;
    if (at + count > this.bytes.length) throw new Cut();
    this.#at += count;
    return at;
  }

  int(): number {
    return this.#view.getUint32(this.skip(4), this.isLittle);
  }

  long(): number {
    return Number(this.#view.getBigUint64(this.skip(8), this.isLittle));
  }

  text(): string {
    const length = this.long();
    const at = this.skip(length);
    return new TextDecoder().decode(this.bytes.subarray(at, at + Math.min(length, 1_000)));
  }

  /** Go past a value of the metadata. */
  pass(type: number, depth = 0): void {
    const width = WIDTHS[type];
    if (width !== undefined) this.skip(width);
    else if (type === TEXT) this.skip(this.long());
    else if (type === ARRAY && depth < 8) {
      const [inner, count] = [this.int(), this.long()];
      const each = WIDTHS[inner];
      if (each !== undefined) this.skip(each * count);
      else for (let index = 0; index < count; index += 1) this.pass(inner, depth + 1);
    } else throw new RangeError('type');
  }
}

/**
 * The tensors by the header of a GGUF file (ggml, docs/gguf.md); null: the header goes on after these bytes.
 *
 * @throws {RangeError} It is no such header.
 */
export function ggufTensors(bytes: Uint8Array<ArrayBuffer>): readonly Tensor[] | null {
  try {
    const reader = new Reader(bytes);
    if (new TextDecoder().decode(bytes.subarray(reader.skip(4), 4)) !== 'GGUF') throw new RangeError('mark');
    // In a file of the other byte order the version is a large number.
    if (reader.int() > 0xffff) reader.isLittle = false;
    const [tensors, entries] = [reader.long(), reader.long()];
    if (tensors > MOST || entries > MOST) throw new RangeError('count');
    for (let index = 0; index < entries; index += 1) {
      reader.text();
      reader.pass(reader.int());
    }
    return Array.from({ length: tensors }, () => {
      const name = reader.text();
      // The fastest dimension comes first.
      const shape = Array.from({ length: reader.int() }, () => reader.long()).reverse();
      const type = reader.int();
      reader.skip(8);
      return { name, type: TYPES[type] ?? String(type), shape };
    });
  } catch (error) {
    if (error instanceof Cut) return null;
    throw error;
  }
}
