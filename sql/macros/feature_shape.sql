-- How often is a feature active on any token, and is it on one token, or at one place, alone?
--
--     from feature_shape(438);
--
-- One row. token_rate: active tokens over all pooled tokens of all roles. Of the peaks that the evidence keeps
-- (the strongest responses of each role) single_token_share lie on the commonest token, single_token. peak_place
-- is the mean place of the peak in all responses in which it fires: 0 the first token, 1 the last; what fires
-- anywhere is near 1/2. position_correlation is that of feature_position, with its interval.
create macro feature_shape(feature, sae := null) as table
with density as (
    select
        if(count(d.n_tokens) = count(*), sum(d.n_tokens), null)::bigint as n_tokens,
        if(count(d.n_active_tokens) = count(*), sum(d.n_active_tokens), null)::bigint as n_active_tokens
    from feature_density(feature, sae) as d
),
peaks as (
    select e.token_ids[peak_of(e.activations)] as token_id, e.pieces[peak_of(e.activations)] as piece
    from evidence as e
    where e.sae = chosen_sae(sae) and e.feature_id = feature
),
by_token as (
    select token_id, any_value(piece) as piece, count(*) as n from peaks group by token_id
),
places as (
    select avg(a.argmax_token / (p.n_tokens - 1)) as peak_place
    from activations as a
    join pooled as p on p.sae = a.sae and p.role = a.role and p.response_id = a.response_id
    where a.sae = chosen_sae(sae) and a.feature_id = feature and p.n_tokens > 1
)
select
    d.n_tokens,
    d.n_active_tokens,
    d.n_active_tokens / d.n_tokens as token_rate,
    (select sum(n) from by_token)::bigint as n_peaks,
    (select count(*) from by_token) as n_peak_tokens,
    (select max(n) / sum(n) from by_token) as single_token_share,
    (select arg_max(piece, (n, -token_id)) from by_token) as single_token,
    (select peak_place from places) as peak_place,
    o.position_correlation,
    o.position_low,
    o.position_high
from density as d
cross join feature_position(feature, sae) as o;
comment on macro table feature_shape is 'How often a feature is active, and whether on one token or at one place alone';
