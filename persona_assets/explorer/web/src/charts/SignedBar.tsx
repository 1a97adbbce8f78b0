interface SignedBarProps {
  share: number; // -1 to 1: of the longest bar there is
  half: number; // pixels of the longest bar
  sides: readonly [left: string, right: string]; // classes, which colour it
}

/** A bar, whose number stands beside it, to the left of a middle line for a negative share, to the right for a positive one. */
export function SignedBar({ share, half, sides }: SignedBarProps) {
  const width = share === 0 ? 0 : Math.max(1, Math.abs(share) * half);
  return (
    <svg className="signed-bar" width={2 * half + 2} height={12} aria-hidden="true">
      <rect className={sides[share < 0 ? 0 : 1]} x={share < 0 ? half - width : half + 1} y={2} width={width} height={8} />
      <line x1={half + 0.5} x2={half + 0.5} y1={0} y2={12} />
    </svg>
  );
}
