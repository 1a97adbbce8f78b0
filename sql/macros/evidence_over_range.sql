-- On which tokens does a feature fire weakly, middlingly, strongly?
--
--     from evidence_over_range(438);
--
-- The bands of responses_over_range: all roles' responses in which it fires, ordered by their maximum and cut into
-- five of equal number (1 the weakest). Up to three of each whose tokens the lake keeps, those drawn by lot first
-- (drawn_evidence: a few of each role, so that a role with few stands for more), then a role's strongest. pieces are
-- the tokens around the peak with the feature's activations on them, from the token start on. A band may have none:
-- of roles that were extracted before any were drawn the strongest alone are kept.
create macro evidence_over_range(feature, sae := null) as table
with firing as (
    select
        a.role,
        a.response_id,
        a.max,
        a.n_active,
        md5(format('{}/{}/{}', a.role, a.response_id, feature)) as draw
    from activations as a
    where a.feature_id = feature and a.sae = chosen_sae(sae) and (select known_feature(feature, sae))
),
banded as (
    select f.*, ntile(5) over (order by f.max, f.draw) as band from firing as f
),
counted as (
    select b.*, count(*) over (partition by b.band) as n_in_band from banded as b
),
kept as (
    select e.role, e.response_id, e.start, e.pieces, e.activations, false as drawn
    from evidence as e
    where e.sae = chosen_sae(sae) and e.feature_id = feature
    union all
    select d.role, d.response_id, d.start, d.pieces, d.activations, true as drawn
    from drawn_evidence as d
    where d.sae = chosen_sae(sae) and d.feature_id = feature
),
shown as (
    select c.*, k.start, k.pieces, k.activations, k.drawn
    from counted as c
    join kept as k on k.role = c.role and k.response_id = c.response_id
    qualify row_number() over (partition by c.band order by k.drawn desc, c.draw) <= 3
)
select
    s.band,
    s.n_in_band,
    s.role,
    s.response_id,
    s.max,
    s.n_active,
    s.drawn,
    s.start,
    s.pieces,
    s.activations,
    r.question
from shown as s
join responses as r on r.role = s.role and r.response_id = s.response_id
order by s.band, s.max, s.draw;
comment on macro table evidence_over_range is 'Tokens around the peak in responses of five bands of a feature''s activation';
