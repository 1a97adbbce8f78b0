-- Which responses does a feature fire weakly, middlingly, strongly?
--
--     from responses_over_range(438);
--
-- Of all roles' responses in which it fires, ordered by their maximum and cut into five bands of equal number (1 the
-- weakest), three of each, drawn by a digest of response and feature: any response of a band is as likely, and the
-- same study gives the same ones. n_in_band says of how many. The strongest alone are those of top_responses.
create macro responses_over_range(feature, sae := null) as table
with firing as (
    select
        a.role,
        a.response_id,
        a.max,
        a.n_active,
        a.argmax_token,
        md5(format('{}/{}/{}', a.role, a.response_id, feature)) as draw
    from activations as a
    where a.feature_id = feature and a.sae = chosen_sae(sae) and (select known_feature(feature, sae))
),
banded as (
    select f.*, ntile(5) over (order by f.max, f.draw) as band from firing as f
),
drawn as (
    select b.*, count(*) over (partition by b.band) as n_in_band
    from banded as b
    qualify row_number() over (partition by b.band order by b.draw) <= 3
)
select d.band, d.n_in_band, d.role, d.response_id, d.max, d.n_active, d.argmax_token, r.question, r.response
from drawn as d
join responses as r on r.role = d.role and r.response_id = d.response_id
order by d.band, d.max, d.draw;
comment on macro table responses_over_range is 'Responses drawn from five bands of a feature''s activation, weakest to strongest';
