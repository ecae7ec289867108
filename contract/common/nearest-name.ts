/** Edits (insert, delete, replace, swap of neighbours) that turn one word into another. */
function editsBetween(one: string, other: string): number {
  const width = other.length + 1;
  const table = new Uint16Array((one.length + 1) * width);
  const at = (row: number, column: number) => table[row * width + column] ?? 0;
  for (let row = 0; row <= one.length; row++) table[row * width] = row;
  for (let column = 0; column < width; column++) table[column] = column;
  for (let row = 1; row <= one.length; row++) {
    for (let column = 1; column < width; column++) {
      const same = one[row - 1] === other[column - 1];
      let edits = Math.min(at(row - 1, column) + 1, at(row, column - 1) + 1, at(row - 1, column - 1) + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      if (swapped) edits = Math.min(edits, at(row - 2, column - 2) + 1);
      table[row * width + column] = edits;
    }
  }
  return at(one.length, other.length);
}

const nameCharactersMax = 64;

/** The name that a mistyped one most likely stands for; undefined where none is close (a third of its letters wrong). */
export function nearestName(mistyped: string, names: readonly string[]): string | undefined {
  if (mistyped.length > nameCharactersMax) return undefined;
  let nearest: string | undefined;
  let fewest = Math.floor(mistyped.length / 3) + 1;
  for (const name of names) {
    const edits = editsBetween(mistyped.toLowerCase(), name.toLowerCase());
    if (edits < fewest) {
      nearest = name;
      fewest = edits;
    }
  }
  return nearest;
}
