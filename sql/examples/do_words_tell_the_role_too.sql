-- Which roles do their features tell from the others, and do plain words tell them as well?
--
-- Needs `analysis.baselines: true`. Every answer is judged by a method that learned from answers to other questions under
-- other wordings; 0.5 is chance. Where words do as well as features, what features find may be what the role talks of.
select f.role, f.auroc as best_feature, f.low, f.high, p.auroc as probe_20, p.low as probe_low, p.high as probe_high,
    w.auroc as words, w.low as words_low, w.high as words_high, w.terms[:5] as terms
from role_baselines as f
join role_baselines as p on p.sae = f.sae and p.role = f.role and p.method = 'probe_20'
join role_baselines as w on w.sae = f.sae and w.role = f.role and w.method = 'words'
where f.sae = chosen_sae(null) and f.method = 'feature'
order by w.auroc desc, f.role;
