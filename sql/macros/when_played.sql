-- Which features are characteristic of a role when it is played, and which only of all of its answers?
--
--     from when_played('pirate') limit 20;
--
-- Effect and AUROC over all answers beside those over the answers that play their role (analysis.min_score), and
-- the feature's rank among the role's by the lower end of AUROC's interval, or by AUROC where there is none. A
-- feature that falls far behind belongs to answers that decline. No rows where the role takes no part:
-- played_roles says why.
create macro when_played(role, sae := null) as table
with ranked as (
    select
        c.*,
        rank() over (partition by c.answers order by coalesce(c.auroc_low, c.auroc) desc) as place
    from contrasts_by_answers as c
    where c.sae = chosen_sae(sae) and c.role = role and (select known_role(role, sae))
)
select
    p.feature_id,
    l.description as label,
    l.label_worth,
    p.place as rank_played,
    a.place as rank_all,
    p.effect as effect_played,
    p.effect_low as effect_played_low,
    p.effect_high as effect_played_high,
    a.effect as effect_all,
    p.auroc as auroc_played,
    p.auroc_low as auroc_played_low,
    p.auroc_high as auroc_played_high,
    a.auroc as auroc_all,
    p.q as q_played,
    a.q as q_all
from ranked as p
left join ranked as a on a.answers = 'all' and a.feature_id = p.feature_id
left join preferred_labels as l on l.sae = p.sae and l.feature_id = p.feature_id
where p.answers = 'played'
order by rank_played, rank_all, p.feature_id;
comment on macro table when_played is 'Features of a role by the answers that play it, beside those by all of its answers';
