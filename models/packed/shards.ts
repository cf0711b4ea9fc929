/** How tensors are written as safetensors, and packed ones divided among files. */

/** What a shard's data section holds at most. `wrangler r2 object put` refuses files of more than 300 MiB. */
export const SHARD_BYTES = 256 << 20;

const ALIGN = 64; // of the data section in the file, and of where a tensor is cut

/** A flat tensor on its way into a file: packed bytes are U8 [bytes], a vector F32 [length]. */
export interface FlatTensor {
  readonly name: string;
  readonly dtype: 'U8' | 'U32' | 'I32' | 'F32';
  readonly bytes: number;
}

/**
 * Fills one shard after the other, in order. A tensor is cut only where no shard could hold it, into parts that are
 * called `name#1`, `name#2`, … and lie in that order.
 */
export function divide(tensors: readonly FlatTensor[], shardBytes: number): FlatTensor[][] {
  const shards: FlatTensor[][] = [];
  let room = 0;
  for (const { name, dtype, bytes } of tensors) {
    const count = Math.ceil(bytes / shardBytes);
    for (let number = 1; number <= count; number++) {
      const part = { name, dtype, bytes: Math.min(shardBytes, bytes - (number - 1) * shardBytes) };
      if (part.bytes > room) {
        shards.push([]);
        room = shardBytes;
      }
      shards.at(-1)!.push(count === 1 ? part : { ...part, name: `${name}#${number}` });
      room -= part.bytes;
    }
  }
  return shards;
}

/** The tensor that a part belongs to, and its number there. */
export function partOf(name: string): { readonly tensor: string; readonly number: number } {
  const [, tensor, number] = /^(.*?)(?:#([1-9]\d{0,3}))?$/s.exec(name)!;
  return { tensor: tensor!, number: Number(number ?? 1) };
}

/** The bytes before a file's data section: safetensors' length and JSON, padded with spaces to a multiple of 64. */
export function safetensorsHeader(tensors: readonly FlatTensor[]): Uint8Array {
  let end = 0;
  const header: Record<string, object> = {};
  for (const { name, dtype, bytes } of tensors) {
    const start = end;
    end += bytes;
    header[name] = { dtype, shape: [dtype === 'U8' ? bytes : bytes / 4], data_offsets: [start, end] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil((8 + json.length) / ALIGN) * ALIGN - 8;
  const bytes = new Uint8Array(8 + length).fill(0x20, 8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}
