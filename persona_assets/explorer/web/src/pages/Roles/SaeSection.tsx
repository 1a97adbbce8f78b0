import { count, fixed, percent, UNKNOWN } from "../../components/format";
import { Facts, Section } from "../../components/parts";
import { SAYS } from "../../generated/columns";
import type { Sae, SaeFit } from "../../generated/contract";

/** What the SAE is, which model it reads, and how well it fits that model in the study's roles. */
export function SaeSection({ sae, fits }: { sae: Sae; fits: SaeFit[] }) {
  const alive = sae.n_alive === null ? "" : `, ${count(sae.n_alive)} fired`;
  return (
    <Section title="The SAE" note={<bdi>{sae.sae}</bdi>}>
      <Facts
        facts={[
          ["source", <bdi className="ellipsis">{sae.source}</bdi>],
          ["reads", <bdi className="ellipsis">{sae.model}</bdi>],
          ["features", `${count(sae.d_sae)}${alive}`],
          ["variance unexplained", spread(fits, (fit) => fit.fvu, percent), SAYS.sae_fit.fvu],
          [
            "features per token (L0)",
            spread(
              fits,
              (fit) => fit.l0,
              (value) => fixed(value, 1),
            ),
            SAYS.sae_fit.l0,
          ],
          ["loss recovered", spread(fits, (fit) => fit.loss_recovered, percent), SAYS.sae_fit.loss_recovered],
          ["outlier tokens", fits.length === 0 ? UNKNOWN : count(total(fits, (fit) => fit.n_outliers)), SAYS.sae_fit.n_outliers],
        ]}
      />
      <p className="footnote">
        {fits.length === 0
          ? "How well it fits is not measured in this snapshot: `persona run STUDY --select activations,warehouse` does it."
          : `Median over ${fits.length} roles (lowest to highest), on ${count(total(fits, (fit) => fit.n_tokens))} tokens of ${count(total(fits, (fit) => fit.n_responses))} responses. Unexplained 0 %: it gives back what it reads exactly; 100 %: no better than the mean token. What it does not explain, its features cannot tell.`}
      </p>
    </Section>
  );
}

function spread(fits: SaeFit[], of: (fit: SaeFit) => number | null, format: (value: number) => string): string {
  const known = fits.flatMap((fit) => of(fit) ?? []).sort((a, b) => a - b);
  if (known.length === 0) return UNKNOWN;
  const middle = (known.length - 1) / 2;
  const median = (known[Math.floor(middle)]! + known[Math.ceil(middle)]!) / 2;
  return `${format(median)} (${format(known[0]!)} to ${format(known.at(-1)!)})`;
}

function total(fits: SaeFit[], of: (fit: SaeFit) => number): number {
  return fits.reduce((sum, fit) => sum + of(fit), 0);
}
