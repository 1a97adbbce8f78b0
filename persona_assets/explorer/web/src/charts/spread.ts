/**
 * Places from `low` to `high` for names wanted at ascending places, at least `gap` apart and as near to them as
 * that lets them (least squares, neighbors out of order pooled); evenly over everything where there is no room.
 */
export function spread(wanted: number[], gap: number, low: number, high: number): number[] {
  const n = wanted.length;
  if (n > 1 && (n - 1) * gap >= high - low) return wanted.map((_, i) => low + ((high - low) * i) / (n - 1));
  const blocks: { mean: number; size: number }[] = [];
  wanted.forEach((value, i) => {
    let block = { mean: value - gap * i, size: 1 };
    for (let before = blocks.at(-1); before && before.mean >= block.mean; before = blocks.at(-1)) {
      blocks.pop();
      const size = before.size + block.size;
      block = { mean: (before.mean * before.size + block.mean * block.size) / size, size };
    }
    blocks.push(block);
  });
  const levels = blocks.flatMap(({ mean, size }) => Array<number>(size).fill(mean));
  return levels.map((level, i) => Math.min(Math.max(level, low), high - (n - 1) * gap) + gap * i);
}

/** Which of `n` places in a row are named where `room` have a name: the outermost, and those `always`. */
export function outermost(n: number, room: number, always: (place: number) => boolean): number[] {
  const places = Array.from({ length: n }, (_, i) => i);
  return places.filter((i) => n <= room || Math.min(i, n - 1 - i) < Math.floor(room / 2) || always(i));
}
