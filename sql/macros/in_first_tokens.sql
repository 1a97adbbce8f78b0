-- Which of a role's features are its own from the first tokens on, and which only of long answers?
--
--     from in_first_tokens('pirate') limit 20;
--
-- Effect and AUROC over whole responses beside those over the first extraction.first_tokens tokens of each, where
-- all are equally long but those that end before, and the feature's rank among the role's by the lower end of
-- AUROC's interval, or by AUROC where there is none. NULL where the feature fires in no response's first tokens.
-- No rows where the role has no first_contrasts: the setting is not given, or its activations are imported.
create macro in_first_tokens(role, sae := null) as table
with everywhere as (
    select c.*, rank() over (order by coalesce(c.auroc_low, c.auroc) desc) as place
    from role_contrasts as c
    where c.sae = chosen_sae(sae) and c.role = role and (select known_role(role, sae))
),
first as (
    select c.*, rank() over (order by coalesce(c.auroc_low, c.auroc) desc) as place
    from first_contrasts as c
    where c.sae = chosen_sae(sae) and c.role = role
)
select
    a.feature_id,
    l.description as label,
    l.label_worth,
    a.place as rank_all,
    f.place as rank_first,
    a.effect as effect_all,
    f.effect as effect_first,
    f.effect_low as effect_first_low,
    f.effect_high as effect_first_high,
    a.auroc as auroc_all,
    f.auroc as auroc_first,
    f.auroc_low as auroc_first_low,
    f.auroc_high as auroc_first_high,
    a.q as q_all,
    f.q as q_first
from everywhere as a
left join first as f on f.feature_id = a.feature_id
left join preferred_labels as l on l.sae = a.sae and l.feature_id = a.feature_id
where exists (from first)
order by rank_all, rank_first, a.feature_id;
comment on macro table in_first_tokens is 'Features of a role by all of its answers, beside those by the first tokens of each';
