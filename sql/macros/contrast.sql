-- Which features tell the groups of one of the study's own contrasts apart?
--
--     from contrast('villains_vs_healers') limit 20;
--
-- In the order of distinctness, as top_features has it: (auroc_low - 1/2) * the group's share of both groups' means,
-- what the group has more of by the lower end of AUROC's interval, and the other hardly has; where no such end is above
-- 1/2, by auroc_low. The interval is not adjusted for how many features there are; q is. by := 'auroc', 'effect' or
-- 'against' order otherwise; 'against' has first what the other group has more of in the same way. The tables
-- contrasts and contrast_groups say what is compared with what, and what cannot be told. A group whose answers are
-- longer fires more features in an answer: rate_ratio, with its interval and rate_q, compares tokens. label was written
-- by a model, and not checked.
create macro contrast(contrast, sae := null, "by" := 'distinctness') as table
select
    c.feature_id,
    l.description as label,
    l.label_worth,
    distinctness(c.auroc_low, c.share) as distinctness,
    c.effect,
    c.effect_low,
    c.effect_high,
    c.auroc,
    c.auroc_low,
    c.auroc_high,
    c.p,
    c.q,
    c.q_relevant,
    c.n_units_agree,
    c.min_unit_auroc,
    c.share,
    c.mean_group,
    c.mean_against,
    c.firing_rate_group,
    c.firing_rate_against,
    c.token_rate_group,
    c.token_rate_against,
    c.rate_ratio,
    c.rate_ratio_low,
    c.rate_ratio_high,
    c.rate_q
from contrast_features as c
left join preferred_labels as l on l.sae = c.sae and l.feature_id = c.feature_id
where c.sae = chosen_sae(sae) and c.contrast = contrast and (select known_contrast(contrast))
order by
    case "by"
        when 'distinctness' then distinctness(c.auroc_low, c.share)
        when 'auroc' then c.auroc_low
        when 'effect' then c.effect
        when 'against' then least((0.5 - c.auroc_high) * (1 - c.share), 0.5 - c.auroc_high)
        else no_order("by", 'distinctness, auroc, effect, against')
    end desc nulls last,
    c.auroc desc,
    c.feature_id;
comment on macro table contrast is 'Which features tell the groups of one of the study''s own contrasts apart: what the group has more of by the lower end of AUROC''s interval, first';
