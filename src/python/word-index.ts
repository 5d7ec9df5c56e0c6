/** The identifiers of a text, as hashes: a project's tests hold millions, and only whether one is there is ever asked. */
export class WordIndex {
  private readonly hashes: Uint32Array;

  constructor(text: string) {
    const found = new Set<number>();
    for (const [word] of text.matchAll(/[A-Za-z_]\w*/g)) found.add(wordHash(word));
    this.hashes = Uint32Array.from(found).sort();
  }

  /** True when the word of a hash is there; wrongly so once in millions. */
  has(wanted: number): boolean {
    let low = 0;
    let high = this.hashes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.hashes[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return this.hashes[low] === wanted;
  }
}

/** What {@link WordIndex.has} is asked for (FNV-1a): computed once for many texts. */
export function wordHash(word: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < word.length; index++) hash = Math.imul(hash ^ word.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
