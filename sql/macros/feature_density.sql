-- On how many of each role's tokens is a feature active?
--
--     from feature_density(438) limit 10;
--
-- Of pooled tokens; silent roles are there with 0. NULL where active tokens are not known, as of imported dense
-- files. n_active_tokens of n_tokens is all that token_rate rests on; tokens of one answer go together, so how surely it
-- is another than the other roles' length_contrasts says (rate_ratio with its interval, rate_q).
create macro feature_density(feature, sae := null) as table
with tokens as (
    select p.role, if(count(p.n_tokens) = count(*), sum(p.n_tokens), null)::bigint as n_tokens
    from pooled as p
    where p.sae = chosen_sae(sae) and p.excluded_reason is null and (select known_feature(feature, sae))
    group by p.role
),
active as (
    select a.role, if(count(a.n_active) = count(*), sum(a.n_active), null)::bigint as n_active_tokens
    from activations as a
    where a.sae = chosen_sae(sae) and a.feature_id = feature
    group by a.role
)
select
    t.role,
    t.n_tokens,
    if(a.role is null, 0, a.n_active_tokens) as n_active_tokens,
    if(a.role is null, 0, a.n_active_tokens) / t.n_tokens as token_rate
from tokens as t
left join active as a on a.role = t.role
order by token_rate desc nulls last, t.role;
comment on macro table feature_density is 'On how many of each role''s tokens a feature is active';
